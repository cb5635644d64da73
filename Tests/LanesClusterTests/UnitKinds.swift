import LanesCluster
import LanesCore
import LanesFiles
import LanesImages
import LanesJournal
import LanesOS
import LanesPrimes
import LanesTesting
import SystemPackage

/// Units that print, that write files, and whose answer comes before their end.
extension Trial {
  static let list = Trial(
    name: "list", workload: PrimesWorkload(mode: .list),
    plan: { _ in
      PrimesPlan(try PrimeRange(start: 1_000_000_000_000, stop: 1_000_000_000_000 + 24_000_000), mode: .list)
    },
    fold: {
      let total = PrimesTotal(.list)
      return (total, { "\(total.unitsFailed)" })
    })

  /// Units that write for their fold: each has a share of the sieving primes.
  static let shared = Trial(
    name: "shared", workload: PrimesWorkload(mode: .sum),
    plan: { _ in PrimesPlan(try PrimeRange(start: 1 << 57, stop: 1 << 57 + 2_000_000), mode: .sum) },
    fold: {
      let total = PrimesTotal(.sum)
      return (total, { "\(total.total) \(total.firstFailure?.failure.reason ?? "")" })
    })

  static let nth = Trial(
    name: "nth", workload: PrimesWorkload(mode: .count),
    plan: { _ in PrimesPlan(try PrimeRange(ofPrime: 5_000_000, after: 0), mode: .count) },
    fold: {
      let search = NthSearch(5_000_000)
      return (search, { "\((try? search.prime()) ?? nil ?? 0)" })
    })

  static let combinatorial: Trial = {
    let workload = try! CombinatorialWorkload(bound: 100_000_000)  // tables of a few kilobytes
    return Trial(
      name: "combinatorial", workload: workload, plan: { _ in workload.makePlan() },
      fold: {
        let total = workload.makeTotal()
        return (total, { "\(total.count) \(total.firstFailure?.failure.reason ?? "")" })
      })
  }()

  static let search: Trial = {
    var options = SearchOptions([Bytes("9[0-9]*5".utf8)])
    options.numbersLines = true
    let program = try! SearchProgram(options)  // a sound pattern
    return Trial(
      name: "search", workload: SearchWorkload(program),
      plan: { FilePlan(inputs($0), settings: settings(.lines(.newlineOrZero))) },
      fold: { [options] in
        var lines: [String] = []
        let results = SearchResults(
          options, plan: FilePlan([], settings: settings()), onLines: { lines.append("\($0 as Any) \($1) \($2)") },
          onFile: { lines.append("\($0)") })
        return (results, { lines.joined(separator: "\n") })
      })
  }()

  static let info = Trial(
    name: "info", workload: InfoWorkload(), plan: { try InfoPlan([$0.appending("images")]) },
    fold: { OutcomeLog.fold { "\((try? InfoWorkload.decodePartial($0)) as Any)" } })

  /// Results go to `out`; those that are there are replaced.
  static func convert(sizes: Bool) -> Trial {
    var options = ConvertOptions()
    options.resize = .inside(width: 40, height: 40)
    if sizes { options.sizes = [.inside(width: 30, height: nil), .inside(width: 12, height: nil)] }
    return Trial(
      name: sizes ? "convert to sizes" : "convert", workload: ConvertWorkload(options),
      plan: { [options] folder in
        let request = ConvertRequest(
          inputs: [folder.appending("images")], destination: folder.appending("out"), existing: .replace,
          sizes: sizes ? ["30", "12"] : [])
        return try ConvertPlan(request, options: options)
      },
      fold: { OutcomeLog.fold { "\((try? ConvertWorkload.decodePartial($0)) ?? [])" } })
  }

  /// A few images, one of which is damaged.
  static func makeImages(_ folder: TemporaryFolder) throws {
    let images = Fixtures.goodImages.sorted { $0.string < $1.string }
    for image in images.prefix(5) + Fixtures.damagedImages.prefix(1) {
      try folder.link(image, as: "images/" + image.lastComponent!.string)
    }
  }
}

/// Keeps how units ended, as text.
private final class OutcomeLog: Fold {
  private(set) var lines: [String] = []
  private let text: (Bytes) -> String

  private init(_ text: @escaping (Bytes) -> String) { self.text = text }

  static func fold(_ text: @escaping (Bytes) -> String) -> (fold: any Fold, text: () -> String) {
    let log = OutcomeLog(text)
    return (log, { log.lines.joined(separator: "\n") })
  }

  func absorb(_ unit: Unit, _ outcome: Outcome) {
    switch outcome {
    case .done(let partial): lines.append("\(unit.number) \(unit.label) \(text(partial))")
    case .failed(let failure): lines.append("\(unit.number) \(unit.label) \(failure.reason)")
    }
  }
}

/// A fold whose units print nothing: what they would print is compared, not shown.
final class SilentFold: Fold {
  private let fold: any Fold
  var printsOutput: Bool { false }
  var ending: Ending? { fold.ending }

  init(_ fold: any Fold) { self.fold = fold }

  func absorb(_ unit: Unit, _ outcome: Outcome) { fold.absorb(unit, outcome) }
  func absorb(_ unit: Unit, _ outcome: Outcome, output: UnsafeRawBufferPointer) {
    fold.absorb(unit, outcome, output: output)
  }
}

/// Digests of what units print, by their numbers.
final class PrintedOutput: Observer {
  private var digests: [Int: Bytes] = [:]

  func unitSettled(_ unit: Unit, _ record: UnitRecord, _ outcome: Outcome, output: UnsafeRawBufferPointer) {
    add(unit, output)
  }

  func add(_ unit: Unit, _ output: UnsafeRawBufferPointer) {
    if output.count > 0, unit.sink == .standardOutput { digests[unit.number] = SHA256.digest(output) }
  }

  var text: String { digests.sorted { $0.key < $1.key }.map { " \($0.key):\($0.value)" }.joined() }
}
