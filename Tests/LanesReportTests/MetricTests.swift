import LanesCore
import LanesReport
import Testing

/// The table of metrics, and that everything which goes through it tells every entry.
@Suite struct MetricTests {
  /// A record in which every figure has a value of its own: the position of its metric.
  private static var numbered: RunRecord {
    var record = RunRecord(setup: Samples.threads(2))
    for (position, metric) in Metric.all.enumerated() {
      let value = Int64(position + 1) * 1_000_003
      switch metric.source {
      case .process(let field): field.set(value, in: &record.coordinator)
      case .run(let field): field.set(value, in: &record)
      }
    }
    return record
  }

  @Test func `names are unique and end in their unit`() {
    #expect(Set(Metric.all.map(\.name)).count == Metric.all.count)
    for metric in Metric.all {
      let ending = metric.name.hasSuffix("_ns") ? "ns" : metric.name.hasSuffix("_bytes") ? "bytes" : ""
      let expected =
        switch metric.unit {
        case .nanoseconds: "ns"
        case .bytes: "bytes"
        case .count: ""
        }
      #expect(ending == expected, "\(metric.name)")
    }
  }

  @Test func `every figure has a place of its own, and comes back from the wire`() throws {
    let record = Self.numbered
    #expect(Set(Metric.all.compactMap { $0.value(of: record) }).count == Metric.all.count)
    var writer = WireWriter()
    writer.write(record)
    var reader = WireReader(writer.bytes)
    #expect(try reader.readRunRecord() == record)
  }

  @Test func `processes add up, and a figure that one of them lacks is unknown`() {
    let one = Self.numbered.coordinator
    let both = one + one
    for (metric, field) in Metric.ofProcesses {
      #expect(field.value(of: both) == field.value(of: one).map { $0 * 2 }, "\(metric.name)")
      if field.isOptional { #expect(field.value(of: one + ProcessUsage()) == nil, "\(metric.name)") }
    }
  }

  @Test func `what was used since a moment is the difference, but for peaks`() {
    let one = Self.numbered.coordinator
    let later = (one + one + one).since(one)
    for (metric, field) in Metric.ofProcesses {
      let factor: Int64 = metric.course == .peak ? 3 : 2
      #expect(field.value(of: later) == field.value(of: one).map { $0 * factor }, "\(metric.name)")
    }
  }

  @Test func `JSON, table, page and text tell every figure that the table gives them`() {
    let record = Self.numbered
    let comparison = Comparison([Contender(setup: record.setup, records: [record])])
    let run = RunJSON.line(record)
    let compared = ComparisonJSON.lines(comparison, Samples.circumstances)[0]
    let page = ReportPage(comparison, .init(subject: "x", options: ["x"], machine: [])).html
    let terminal = ComparisonTable(comparison).lines(width: 400).joined(separator: "\n")
    let text = StatsText.lines(record).joined(separator: "\n")
    for metric in Metric.all {
      let member = "\"\(metric.name)\":\(metric.value(of: record) ?? -1)"
      #expect(run.contains(member) == metric.isToldOfRuns, "\(metric.name)")
      if metric.section != nil { #expect(compared.contains(member + ",") || compared.contains(member + "}")) }
      if let column = metric.column {
        #expect(page.contains("<th scope=\"col\">\(column.name)</th>"), "\(metric.name)")
        for line in column.heading { #expect(terminal.contains(line), "\(metric.name)") }
      }
      if let place = metric.text {
        #expect(text.contains("  \(place.row.rawValue) ") && text.contains(place.word), "\(metric.name)")
      }
    }
  }

  @Test func `of several rounds rare events are told as the worst or the sum, all else as the median round has it`() {
    let records = [3, 1, 2].map { factor in
      var record = Self.numbered
      for (_, field) in Metric.ofRuns { field.set((field.value(of: record) ?? 0) * Int64(factor), in: &record) }
      return record
    }
    let entry = Comparison([Contender(setup: Samples.threads(2), records: records)]).entries[0]
    for (metric, field) in Metric.ofRuns {
      let factor: Int64 =
        switch metric.rounds {
        case .median: 2
        case .most: 3
        case .sum: 6
        }
      #expect(entry.value(of: metric) == field.value(of: Self.numbered).map { $0 * factor }, "\(metric.name)")
    }
  }
}
