/// How the page looks: one style sheet, and the patterns that drawings fill stripes with.
enum ReportStyle {
  /// Colors are variables, given once for light and once for dark. Hues keep their distance for people who see red and
  /// green alike (Okabe and Ito, "Color Universal Design", 2008), and stripes tell turns from computing on gray paper.
  ///
  /// Everything that carries meaning is told twice, by color and by place or word, so that a print in gray says the
  /// same. On phones a row of a table becomes a block, each figure beside the name of its column: eleven columns would
  /// not fit.
  static let css = """
    :root { --paper: #fff; --ink: #1c2127; --faint: #5c6773; --line: #d6dce2; --card: #f4f6f8; --best: #0b7a4b;
      --computing: #2f6db5; --stripe: #e69f00; --input: #e69f00; --writing: #b0639b; --transfer: #009e73;
      --idle: #dde3e9; --worker: #7fb2e5; --together: #444c56; }
    @media screen and (prefers-color-scheme: dark) { :root { --paper: #12161b; --ink: #e6e9ed; --faint: #9aa5b1;
      --line: #323a43; --card: #1b2128; --best: #4fd39a; --computing: #5b9be0; --stripe: #f0b840; --input: #f0b840;
      --writing: #d28cbd; --transfer: #34c89b; --idle: #2b333c; --worker: #2d5f95; --together: #c3ccd6; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
    main { max-width: 1100px; margin: 0 auto; padding: 24px 20px 48px; }
    h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
    h2 { font-size: 1.15rem; margin: 0 0 4px; }
    code { font-family: ui-monospace, monospace; font-size: .95em; }
    header p, .hint { color: var(--faint); margin: 0 0 12px; font-size: .9rem; }
    section { margin-top: 32px; }
    .verdict { background: var(--card); border-left: 5px solid var(--computing); border-radius: 4px; padding: 14px 18px; }
    .verdict p { margin: 6px 0 0; }
    .wide { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-size: .85rem; font-variant-numeric: tabular-nums; }
    th, td { padding: 5px 8px; text-align: right; border-bottom: 1px solid var(--line); }
    td { white-space: nowrap; }
    thead th { color: var(--faint); font-weight: 500; vertical-align: bottom; }
    th:first-child { text-align: left; white-space: nowrap; }
    .best th, .times .best td:nth-child(2) { color: var(--best); font-weight: 700; }
    .row, .group { display: grid; grid-template-columns: 200px 1fr 80px; gap: 10px; align-items: center; margin: 4px 0;
      font-size: .88rem; }
    .group { align-items: start; margin: 10px 0; }
    .lanes { display: grid; gap: 3px; padding-top: 4px; }
    .figure { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    svg { display: block; } .strip { overflow: visible; }
    .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: 0 0 10px;
      font-size: .85rem; } .legend li { display: flex; gap: 6px; align-items: center; }
    .chart { width: 100%; max-width: 620px; } .chart text { fill: var(--faint); font-size: 14px; }
    .computing { fill: var(--computing); } .turns { fill: url(#turns); } .input { fill: var(--input); }
    .writing { fill: var(--writing); } .transfer { fill: var(--transfer); } .idle, .track { fill: var(--idle); }
    .stripe { stroke: var(--stripe); stroke-width: 4; }
    .coordinator { fill: var(--computing); } .together { fill: var(--together); }
    .worker { fill: var(--worker); stroke: var(--paper); }
    .point { fill: var(--computing); fill-opacity: .65; } .outlier { fill: var(--paper); stroke: var(--computing); }
    .middle { stroke: var(--ink); stroke-width: 2; }
    polyline { fill: none; } .grid { stroke: var(--line); } .ideal { stroke: var(--faint); stroke-dasharray: 6 5; }
    .curve { stroke-width: 2.5; } .whisker { stroke-width: 1.5; }
    .series1 { --hue: var(--computing); } .series2 { --hue: var(--input); } .series3 { --hue: var(--transfer); }
    .curve, .whisker { stroke: var(--hue); } .mark, .legend .series1, .legend .series2, .legend .series3 { fill: var(--hue); }
    details { margin: 8px 0 0; font-size: .9rem; } summary { color: var(--faint); cursor: pointer; }
    dl { margin: 8px 0; } dl div { display: grid; grid-template-columns: 150px 1fr; gap: 10px; }
    dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
    @media (max-width: 640px) {
      main { padding: 16px 14px 32px; }
      thead { display: none; } table, tbody, tr, th, td { display: block; }
      tr { display: grid; grid-template-columns: 1fr 1fr; column-gap: 20px; border-bottom: 1px solid var(--line);
        padding: 8px 0; } th, td { border: 0; padding: 1px 0; }
      tbody th { font-size: 1rem; grid-column: 1 / 3; }
      td { display: flex; justify-content: space-between; gap: 8px; white-space: normal; }
      td::before { content: attr(data-label); color: var(--faint); text-align: left; }
      .row { grid-template-columns: 1fr auto; } .row .strip { grid-row: 2; grid-column: 1 / 3; }
      .group { grid-template-columns: 1fr auto; } .group .lanes { grid-row: 2; grid-column: 1 / 3; }
      dl div { grid-template-columns: 1fr; gap: 0; }
    }
    @media print {
      * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      body { font-size: 11px; } main { max-width: none; padding: 0; } section { margin-top: 18px; }
      table { font-size: 9px; } th, td { padding: 2px 5px; } .row, .group, tr, dl, .verdict { break-inside: avoid; }
      h2 { break-after: avoid; } .chart { max-width: 380px; }
    }
    """

  /// A drawing without size that defines the stripes. `url(#turns)` in the style sheet finds them by their id,
  /// whichever drawing of the page refers to it.
  static let patterns = """
    <svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs><pattern id="turns" width="8" height="8" \
    patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="computing" width="8" height="8"/>\
    <line class="stripe" x1="0" x2="0" y1="0" y2="8"/></pattern></defs></svg>
    """
}
