//! What was measured, as a picture.

use crate::measuring::Point;
use crate::variants::{DEADLINE, SERVICE, Variant, capacity};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::error::Error;

const SIZE: (u32, u32) = (900, 720);
const GREY: RGBColor = RGBColor(150, 150, 150);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// One of the two panels.
struct Panel {
    title: String,
    /// The loads, and the heights.
    most: (f64, f64),
    /// For comparison.
    grey: Vec<f64>,
    height: fn(&Point) -> Option<f64>,
}

/// Goodput and the critical class's latency over the load, as an SVG.
pub(crate) fn svg(points: &[Point]) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    let root = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (upper, lower) = root.split_vertically(SIZE.1 / 2);
    let milliseconds = DEADLINE.as_secs_f64() * 1e3;
    let loads = points.iter().map(|point| point.load).fold(1.0, f64::max);
    let goodput = Panel {
        title: format!("Goodput: answers in time per second; grey: capacity, {:.0}/s", capacity()),
        most: (loads, capacity() * 1.2),
        grey: vec![capacity()],
        height: |point| Some(point.goodput()),
    };
    let latency = Panel {
        title: format!(
            "Critical class, p99 (ms); grey: a slot's {} ms, and {milliseconds:.0} ms, when clients give up",
            SERVICE.as_millis()
        ),
        most: (loads, milliseconds * 1.2),
        grey: vec![SERVICE.as_secs_f64() * 1e3, milliseconds],
        height: |point| Some(point.classes[0].waited(99.0)?.as_secs_f64() * 1e3),
    };
    draw(&upper, &goodput, points)?;
    draw(&lower, &latency, points)?;
    root.present()?;
    drop((upper, lower, root));
    Ok(text)
}

fn draw(area: &Area<'_>, panel: &Panel, points: &[Point]) -> Result<(), Box<dyn Error>> {
    let (right, top) = panel.most;
    let mut chart = ChartBuilder::on(area)
        .caption(&panel.title, ("sans-serif", 16))
        .margin(12)
        .margin_right(140)
        .x_label_area_size(36)
        .y_label_area_size(44)
        .build_cartesian_2d(0.0..right, 0.0..top)?;
    chart.configure_mesh().disable_x_mesh().x_desc("offered load, times capacity").draw()?;
    for height in &panel.grey {
        chart.draw_series(LineSeries::new([(0.0, *height), (right, *height)], GREY))?;
    }
    for (position, variant) in Variant::ALL.into_iter().enumerate() {
        let colour = colour(variant);
        let of_variant = points.iter().filter(|point| point.variant == variant);
        let line: Vec<(f64, f64)> =
            of_variant.filter_map(|point| Some((point.load, (panel.height)(point)?))).collect();
        chart.draw_series(LineSeries::new(line.iter().copied(), colour.stroke_width(2)))?;
        chart.draw_series(line.iter().map(|place| Circle::new(*place, 3, colour.filled())))?;
        // Beside the panel, where no line is.
        let x = i32::try_from(SIZE.0)? - 128;
        let y = 60 + 22 * i32::try_from(position)?;
        area.draw(&PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)))?;
        area.draw(&Text::new(variant.name(), (x + 24, y - 6), ("sans-serif", 13)))?;
    }
    Ok(())
}

const fn colour(variant: Variant) -> RGBColor {
    match variant {
        Variant::Plain => RGBColor(200, 60, 40),
        Variant::Fixed => RGBColor(20, 90, 170),
        Variant::Adaptive => RGBColor(40, 140, 70),
    }
}
