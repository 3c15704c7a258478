use super::super::node::{Beside, Node, NodeId};
use super::Compiler;

impl Compiler<'_> {
    /// Numbers the nodes anew, so that what is held against the same value as
    /// another one has a higher number. Where that can't be, a schema leads back
    /// to itself without going into a value, and would never be done.
    pub(super) fn put_in_order(&mut self) {
        let list = &self.nodes.list;
        let mut waits_for = vec![0_usize; list.len()];
        for id in list.iter().flat_map(beside) {
            if let Some(count) = waits_for.get_mut(id) {
                *count = count.saturating_add(1);
            }
        }
        let is_free = |(id, count): (NodeId, &usize)| (*count == 0).then_some(id);
        let mut order: Vec<NodeId> = waits_for.iter().enumerate().filter_map(is_free).collect();
        let mut done = 0_usize;
        while let Some(node) = order.get(done).and_then(|id| list.get(*id)) {
            done = done.saturating_add(1);
            for id in beside(node) {
                if let Some(count) = waits_for.get_mut(id) {
                    *count = count.saturating_sub(1);
                    order.extend((*count == 0).then_some(id));
                }
            }
        }
        if order.len() < list.len() {
            self.blame_circles(waits_for.iter().map(|count| *count > 0).collect());
        } else {
            self.renumber(&order);
        }
    }

    fn renumber(&mut self, order: &[NodeId]) {
        let mut places = vec![0; order.len()];
        let mut old: Vec<_> = core::mem::take(&mut self.nodes.list).into_iter().map(Some).collect();
        for (new, id) in order.iter().enumerate() {
            if let Some(place) = places.get_mut(*id) {
                *place = new;
            }
            self.nodes.list.extend(old.get_mut(*id).and_then(Option::take));
        }
        let place = |id: &mut NodeId| *id = places.get(*id).copied().unwrap_or_default();
        place(&mut self.nodes.root);
        for node in &mut self.nodes.list {
            node.ids(place);
        }
    }

    /// Those that are neither in a circle nor between two fall away, from both
    /// ends. A circle always has a `$ref` in it.
    fn blame_circles(&mut self, mut is_left: Vec<bool>) {
        let left = |is_left: &[bool], id: NodeId| is_left.get(id).copied().unwrap_or_default();
        loop {
            let mut leads_here = vec![false; is_left.len()];
            let mut leads_on = vec![false; is_left.len()];
            for (id, node) in
                self.nodes.list.iter().enumerate().filter(|(id, _)| left(&is_left, *id))
            {
                for other in beside(node).filter(|other| left(&is_left, *other)) {
                    leads_here.get_mut(other).into_iter().for_each(|place| *place = true);
                    leads_on.get_mut(id).into_iter().for_each(|place| *place = true);
                }
            }
            let still: Vec<_> =
                leads_here.iter().zip(leads_on).map(|(one, two)| *one && two).collect();
            if still == is_left {
                break;
            }
            is_left = still;
        }
        let circles = self.ids.iter().filter(|(_, id)| left(&is_left, **id));
        let references = circles.map(|(pointer, _)| super::within(pointer, "$ref"));
        let references = references.filter(|pointer| self.schema.pointer(pointer).is_some());
        for pointer in references.collect::<Vec<_>>() {
            self.problem(pointer, "leads back to itself without going into a value");
        }
    }
}

fn beside(node: &Node) -> impl Iterator<Item = NodeId> {
    node.beside.iter().flat_map(Beside::nodes)
}

impl Node {
    /// Shows every number of another node.
    fn ids(&mut self, show: impl Fn(&mut NodeId)) {
        let Self { object, array, beside, .. } = self;
        object.named.iter_mut().for_each(|(_, id)| show(id));
        array.first.iter_mut().for_each(&show);
        let contained = array.contains.iter_mut().map(|contains| &mut contains.node);
        let others = [&mut object.others, &mut object.names, &mut array.others];
        others.into_iter().flatten().chain(contained).for_each(&show);
        for beside in beside {
            match beside {
                Beside::All(id) | Beside::Not(id) | Beside::Dependent { node: id, .. } => show(id),
                Beside::Any(list) | Beside::One(list) => list.iter_mut().for_each(&show),
                Beside::If { condition, then, otherwise } => {
                    show(condition);
                    then.iter_mut().chain(otherwise).for_each(&show);
                }
            }
        }
    }
}
