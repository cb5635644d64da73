/// Where a claim is told: the kind of course material, and the chapter of Operating Systems: Three Easy Pieces (OSTEP) that
/// teaches the matter.
package struct LabOrigin: Sendable, Equatable {
  /// A kind of material that tells the claim.
  package enum Material: Sendable, Equatable {
    case parallelism, processes, glossary, concurrency, lab
    /// What texts on fast programs say of processors, caches and locks.
    case performance
    /// Lists of latency numbers, which pass from one course to the next.
    case latencies
    /// A manual page of Linux, such as `vdso(7)`.
    case manual(String)

    var text: String {
      switch self {
      case .parallelism: "course notes on parallelism and Python's GIL"
      case .processes: "course notes on processes, threads and event loops"
      case .glossary: "a glossary of threads and operating systems"
      case .concurrency: "course notes on concurrency"
      case .lab: "notes of an operating-systems lab"
      case .performance: "texts on fast programs"
      case .latencies: "lists of latency numbers"
      case .manual(let page): "the manual page \(page)"
      }
    }
  }

  /// Chapters of OSTEP, by number, https://pages.cs.wisc.edu/~remzi/OSTEP/.
  package enum Chapter: Int, Sendable, CaseIterable {
    case process = 4
    case processAPI = 5
    case execution = 6
    case scheduling = 7
    case proportionalShare = 9
    case multiprocessors = 10
    case addressSpaces = 13
    case memoryAPI = 14
    case tlbs = 19
    case smallerTables = 20
    case swapping = 21
    case replacement = 22
    case completeSystems = 23
    case concurrency = 26
    case threadAPI = 27
    case locks = 28
    case concurrencyProblems = 32
    case events = 33
    case files = 39

    var title: String {
      switch self {
      case .process: "The Process"
      case .processAPI: "Process API"
      case .execution: "Limited Direct Execution"
      case .scheduling: "Scheduling"
      case .proportionalShare: "Proportional Share"
      case .multiprocessors: "Multiprocessor Scheduling"
      case .addressSpaces: "Address Spaces"
      case .memoryAPI: "Memory API"
      case .tlbs: "TLBs"
      case .smallerTables: "Smaller Tables"
      case .swapping: "Swapping: Mechanisms"
      case .replacement: "Swapping: Policies"
      case .completeSystems: "Complete Virtual Memory Systems"
      case .concurrency: "Concurrency"
      case .threadAPI: "Thread API"
      case .locks: "Locks"
      case .concurrencyProblems: "Common Concurrency Problems"
      case .events: "Event-based Concurrency"
      case .files: "Files and Directories"
      }
    }
  }

  package let materials: [Material]
  /// Nil where the book does not teach it.
  package let chapter: Chapter?

  /// - Parameter ostep: the chapter that teaches the matter; nil where none does.
  package static func course(_ materials: Material..., ostep: Chapter? = nil) -> LabOrigin {
    LabOrigin(materials: materials, chapter: ostep)
  }

  /// A phrase for people, such as `course notes on concurrency; OSTEP 7, Scheduling`.
  package var text: String {
    (materials.map(\.text) + (chapter.map { ["OSTEP \($0.rawValue), \($0.title)"] } ?? [])).joined(separator: "; ")
  }
}
