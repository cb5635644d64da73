import LanesCore
import LanesOS
import LanesReport
import LanesUsage
import SystemPackage

/// This run's side of the arrangement with `lanes compare`.
extension ComparedRun {
  /// What compare told this process; nil in one that a person started.
  static let current = Terminal.variable(variable).flatMap(ComparedRun.init)

  /// Makes this run end with the comparison that it is part of, even when that is killed.
  func followParent() throws(SystemError) { try WorkerProcess.settle(parent: parent) }

  /// Sends the record to `lanes compare`. Nobody is left to tell when that fails; compare finds that it has no record.
  func report(_ record: RunRecord) {
    var writer = WireWriter()
    writer.write(record)
    writer.bytes.withUnsafeBytes { try? DescriptorIO.writeAll(recordDescriptor, $0) }
  }

  /// Drops every file that the plan's units read.
  static func dropInputs(of plan: any UnitPlan) {
    var group: [OpenInput] = []
    var last: FilePath?
    while case .unit(let unit) = nextUnit(plan) {
      // A file in slices comes many times in a row; once is enough.
      for path in paths(of: unit.source) where path != last {
        guard let file = try? Descriptor.reading(path) else { continue }
        last = path
        // Dirty pages cannot be dropped. Writing them back is started for a group of files and waited for at its end.
        PageCache.startWriteBack(file)
        group.append(OpenInput(file))
        if group.count == inputsAtOnce { group = [] }
      }
    }
  }

  /// Files that are written back side by side: storage likes several at once, and descriptors may be few.
  private static let inputsAtOnce = 32

  /// An input that leaves the page cache when the value goes.
  private final class OpenInput {
    private let file: Descriptor

    init(_ file: consuming Descriptor) { self.file = file }

    deinit { PageCache.drop(file) }
  }

  private static func paths(of source: Source) -> [FilePath] {
    switch source {
    case .file(let file), .head(let file, _): [file]
    case .files(let files): files
    case .slice(let slice): [slice.path]
    case .none, .bytes: []
    }
  }

  private static func nextUnit(_ plan: any UnitPlan) -> PlanStep {
    while true {
      switch plan.next() {
      case .failed: continue
      // A list that is still arriving is standard input, which is not compared.
      case .waiting: return .end
      case .unit(let unit): return .unit(unit)
      case .end: return .end
      }
    }
  }
}
