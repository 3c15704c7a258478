//! What was read, as a picture.

use crate::Scrape;
use crate::panels::{PANELS, Panel, Window};
use crate::phases::{Phase, Phases};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::error::Error;

const SIZE: (u32, u32) = (1080, 1040);
const COLUMNS: usize = 2;
/// Each point is about the scrapes of so many seconds before it, as with `rate(...[5s])`.
const WINDOW: usize = 5;
/// Below this no height is told from nought.
const LEAST_TOP: f64 = 1e-6;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// All panels, as an SVG.
pub(crate) fn svg(scrapes: &[Scrape], phases: &Phases) -> Result<String, Box<dyn Error>> {
    let windows: Vec<(f64, Window)> = scrapes
        .windows(WINDOW + 1)
        .map(|those| {
            let (first, last) = (&those[0], &those[WINDOW]);
            let grown = last.metrics.since(&first.metrics);
            (last.at, Window { grown, seconds: last.at - first.at })
        })
        .collect();
    let mut text = String::new();
    let root = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let areas = root.split_evenly((PANELS.len().div_ceil(COLUMNS), COLUMNS));
    for (area, panel) in areas.iter().zip(&PANELS) {
        draw(area, panel, &windows, phases)?;
    }
    root.present()?;
    drop((areas, root));
    Ok(text)
}

fn draw(
    area: &Area<'_>,
    panel: &Panel,
    windows: &[(f64, Window)],
    phases: &Phases,
) -> Result<(), Box<dyn Error>> {
    let lines = panel.lines.iter().map(|line| {
        let points = windows.iter().filter_map(|(at, window)| Some((*at, (line.height)(window)?)));
        (line, points.collect::<Vec<(f64, f64)>>())
    });
    let lines: Vec<_> = lines.collect();
    let heights = lines.iter().flat_map(|(_, points)| points.iter().map(|(_, height)| *height));
    let top = heights.fold(LEAST_TOP, f64::max) * 1.15;
    let right = phases.whole().as_secs_f64();
    let mut chart = ChartBuilder::on(area)
        .caption(panel.title, ("sans-serif", 15))
        .margin(10)
        .margin_right(110)
        .x_label_area_size(24)
        .y_label_area_size(44)
        .build_cartesian_2d(0.0..right, 0.0..top)?;
    for phase in Phase::ALL {
        let (start, end) = phases.seconds(phase);
        let shade = RGBColor(240, 240, 235).filled();
        chart.draw_series([Rectangle::new([(start, 0.0), (end, top)], shade)])?;
        let name = Text::new(phase.name(), (start, top * 0.98), ("sans-serif", 11));
        chart.draw_series([name])?;
    }
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(10)
        .y_labels(6)
        .x_label_formatter(&|at| format!("{at:.0} s"))
        .y_label_formatter(&|height| format!("{:.*}", usize::from(top < 10.0), height))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (position, (line, points)) in lines.into_iter().enumerate() {
        chart.draw_series(LineSeries::new(points, line.colour.stroke_width(2)))?;
        // Beside the panel, where no line is.
        let x = i32::try_from(area.dim_in_pixel().0)? - 104;
        let y = 44 + 18 * i32::try_from(position)?;
        area.draw(&PathElement::new([(x, y), (x + 14, y)], line.colour.stroke_width(2)))?;
        area.draw(&Text::new(line.name, (x + 18, y - 6), ("sans-serif", 12)))?;
    }
    Ok(())
}
