import LanesCore

/// Text for HTML and SVG (WHATWG HTML, section 13.3; XML 1.0, section 2.4).
enum Markup {
  /// `text` for content and for quoted attributes. Control characters, which names of files may hold, become U+FFFD:
  /// XML 1.0 (section 2.2) forbids those below the space, and HTML counts those from U+007F on as errors, too.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case "\u{0}"..<" ", "\u{7F}"..<"\u{A0}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A share, 1 being all, as a percentage for an attribute, such as `12.35%`.
  static func percent(_ share: Double) -> String { number(share * 100) + "%" }

  /// At most two digits after the decimal point, without trailing zeros; finer steps than a hundredth are never seen.
  static func number(_ value: Double) -> String {
    let text = Readable.fixed(value, digits: 2)
    // A value that is not finite would make the whole attribute invalid.
    guard text.contains(".") else { return text == Glyphs.dash ? "0" : text }
    let trimmed = text.trimmingTrailing("0")
    return trimmed.hasSuffix(".") ? String(trimmed.dropLast()) : trimmed
  }

  /// A whole document that holds all it needs.
  ///
  /// - Parameters:
  ///   - title: plain text, what a person would type; also the heading.
  ///   - summary: plain text below it.
  ///   - css: rules beside those of every report, none for the empty string.
  ///   - content: markup of what follows inside `main`.
  ///   - definitions: markup behind `main`, such as patterns that drawings use.
  static func page(
    _ title: String, summary: String, css: String = "", content: String, definitions: String = ""
  ) -> String {
    let title = escaped(title)
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(title)</title>
      <style>
      \(css.isEmpty ? ReportStyle.css : ReportStyle.css + "\n" + css)
      </style>
      </head>
      <body>
      <main>
      <header><h1><code>\(title)</code></h1><p>\(escaped(summary))</p></header>
      \(content)</main>
      \(definitions.isEmpty ? "" : definitions + "\n")\
      </body>
      </html>

      """
  }

  /// A section with a heading and a sentence on how to read it, which links may name by `id`. `content` is markup, the rest
  /// is plain text.
  static func section(_ title: String, _ hint: String, id: String? = nil, _ content: String) -> String {
    "<section\(id.map { " id=\"\(escaped($0))\"" } ?? "")>\n<h2>\(escaped(title))</h2>\n<p class=\"hint\">\(escaped(hint))</p>\n\(content)\n</section>\n"
  }

  /// A drawing as wide as the page allows and `height` pixels high; x and widths inside are percentages, so it has no
  /// view box and circles stay round at any width.
  ///
  /// The role makes a screen reader say `label` and skip the shapes inside (WAI-ARIA, role img).
  static func strip(height: Int, label: String, _ content: String) -> String {
    "<svg class=\"strip\" width=\"100%\" height=\"\(height)\" role=\"img\" aria-label=\"\(escaped(label))\">"
      + content + "</svg>"
  }

  /// A rectangle in a strip: `start` and `width` are shares of the strip's width, `top` and `height` are pixels.
  static func bar(_ style: String, from start: Double, width: Double, top: Int = 0, height: Int) -> String {
    "<rect class=\"\(style)\" x=\"\(percent(start))\" y=\"\(top)\" width=\"\(percent(width))\" height=\"\(height)\"/>"
  }

  /// A row of a chart: what it is about, the drawing, the figure. `drawing` is markup.
  static func row(_ name: String, _ drawing: String, _ figure: String) -> String {
    "<div class=\"row\"><span class=\"name\">\(escaped(name))</span>\(drawing)"
      + "<span class=\"figure\">\(escaped(figure))</span></div>\n"
  }

  /// Colors and their meanings. The samples are hidden from screen readers, since the names say it all.
  static func legend(_ entries: [(style: String, name: String)]) -> String {
    let items = entries.map { style, name in
      "<li><svg width=\"14\" height=\"14\" aria-hidden=\"true\"><rect class=\"\(style)\" width=\"14\" height=\"14\"/></svg>"
        + "\(escaped(name))</li>"
    }
    return "<ul class=\"legend\">" + items.joined() + "</ul>\n"
  }
}

extension String {
  fileprivate func trimmingTrailing(_ character: Character) -> String {
    lastIndex { $0 != character }.map { String(self[...$0]) } ?? ""
  }
}
