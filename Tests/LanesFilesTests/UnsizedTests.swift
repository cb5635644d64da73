import Glibc
import LanesCore
import LanesEngines
import LanesFiles
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// Walks that do not ask every file for its size give what those give that do.
@Suite struct UnsizedTests {
  private let directory = TemporaryDirectory()
  private let settings: FilePlan.Settings = {
    var settings = FilePlan.Settings(cut: .lines(.newline), recursive: true)
    settings.wholeBytes = 1000
    settings.sliceBytes = 3000
    return settings
  }()

  /// Files of `sizes`, of lines that tell them apart.
  private func tree(_ sizes: [Int]) {
    for (number, size) in sizes.enumerated() {
      let line = Bytes("line \(number) of a file\n".utf8)
      let text = Bytes(repeatElement(line, count: size / line.count + 1).joined().prefix(size))
      directory.write("\(1000 + number)", text)
    }
  }

  /// Small ones, and now and then some that are not, side by side and far apart.
  private static let sizes: [Int] = (0..<600).map { number in
    switch number {
    case 70, 71, 74, 200, 201: 20_000
    case 90, 599: 1001
    case 400: 200_000
    default: number % 7 * 160
    }
  }

  private func rows(trust: Int?, lanes: Int, _ sizes: [Int] = sizes) throws -> [String] {
    var rows: [String] = []
    let fold = FileRows<CountPartial> { row in
      rows.append("\(row.name?.string ?? "") \(row.partial.counts) \(row.failure?.reason ?? "")")
    }
    let plan = FilePlan([.path(FilePath(directory.path))], settings: settings)
    let workload = CountWorkload(columns: .all)
    if let trust {
      try Lanes.run(workload, plan, try UnsizedFold(fold, of: plan, trust: trust), lanes: lanes)
    } else {
      try Lanes.run(workload, plan, fold, lanes: lanes)
    }
    return rows
  }

  @Test(arguments: [0, 1, 5, 64], [1, 2, 4]) func `counts come in the same order`(_ trust: Int, _ lanes: Int) throws {
    tree(Self.sizes)
    let expected = try rows(trust: nil, lanes: lanes)
    #expect(expected.count == 600)
    for _ in 0..<5 { #expect(try rows(trust: trust, lanes: lanes) == expected) }
  }

  @Test(arguments: [0, 1, 64]) func `units follow each other as slowly as can be`(_ trust: Int) throws {
    tree(Self.sizes)
    let expected = try rows(trust: nil, lanes: 1)
    var found: [String] = []
    let fold = FileRows<CountPartial> { row in
      found.append("\(row.name?.string ?? "") \(row.partial.counts) \(row.failure?.reason ?? "")")
    }
    let plan = FilePlan([.path(FilePath(directory.path))], settings: settings)
    let units = PlanRunner.run(plan, CountWorkload(columns: .all), try UnsizedFold(fold, of: plan, trust: trust))
    #expect(found == expected)
    #expect(units.map(\.number) == Array(units.indices))
    let unasked = units.count(where: \.mayBeOutgrown)
    #expect(trust == 0 ? unasked == 600 : unasked > 200)
  }

  @Test(arguments: [10, 63, 64, 65]) func `few files are asked for their sizes`(_ count: Int) throws {
    tree(Array(repeating: 50, count: count))
    let plan = FilePlan([.path(FilePath(directory.path))], settings: settings)
    let fold = FileRows<CountPartial> { _ in }
    let units = PlanRunner.run(plan, CountWorkload(columns: .all), try UnsizedFold(fold, of: plan))
    #expect(units.count(where: \.mayBeOutgrown) == max(0, count - 64))
    #expect(units.allSatisfy { $0.expectedInput == 50 })
  }

  @Test func `files that can no longer be read fail as those that were asked for their sizes`() throws {
    tree(Array(repeating: 500, count: 20))
    var failures: [String: String] = [:]
    let fold = FileRows<CountPartial> { row in
      if let failure = row.failure { failures[row.name?.lastComponent?.string ?? ""] = failure.reason }
    }
    let plan = FilePlan([.path(FilePath(directory.path))], settings: settings)
    let unsized = try UnsizedFold(fold, of: plan, trust: 10)
    var planned: [(unit: Unit, failure: UnitFailure?)] = []
    loop: while true {
      switch plan.next() {
      case .unit(let unit): planned.append((unit, nil))
      case .failed(let unit, let failure): planned.append((unit, failure))
      case .waiting, .end: break loop
      }
      // Names were read with the first step.
      if planned.count == 1 {
        unlink("\(directory.path)/1003")
        unlink("\(directory.path)/1015")
      }
    }
    #expect(planned.count == 20)
    let loader = BlockingLoader()
    for (unit, failure) in planned {
      do throws(UnitFailure) {
        if let failure { throw failure }
        try loader.load(unit.source, expecting: unit.expectedInput)
        unsized.absorb(unit, .done(CountPartial().wire))
      } catch {
        unsized.absorb(unit, .failed(error))
      }
    }
    #expect(failures == ["1003": "no such file or directory", "1015": "no such file or directory"])
    if case .end = plan.next() {} else { Issue.record("the plan goes on") }
  }

  @Test(arguments: [0, 3, 64]) func `a search ends inputs that are answered, and no others`(_ trust: Int) throws {
    tree(Self.sizes)
    func found(_ trust: Int?, _ report: SearchOptions.Report, _ limit: UInt64?) throws -> [String] {
      var options = SearchOptions([Bytes("line [0-9]*[0456] ".utf8)])
      options.report = report
      options.limit = limit
      var said: [String] = []
      let plan = FilePlan([.path(FilePath(directory.path))], settings: settings)
      let results = SearchResults(
        options, plan: plan,
        onLines: { name, lines, before in said.append("\(name?.string ?? "") \(before) \(lines.text.count)") },
        onFile: { file in said.append("\(file.name?.string ?? "") \(file.selected > 0)") })
      let workload = SearchWorkload(try SearchProgram(options))
      if let trust {
        try Lanes.run(workload, plan, try UnsizedFold(results, of: plan, trust: trust), lanes: 3)
      } else {
        try Lanes.run(workload, plan, results, lanes: 3)
      }
      return said
    }
    for report in [SearchOptions.Report.names, .counts, .lines] {
      for limit in [nil, 2, 100] as [UInt64?] {
        #expect(try found(trust, report, limit) == found(nil, report, limit))
      }
    }
  }
}
