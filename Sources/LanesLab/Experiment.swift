import CLab
import LanesCore
import LanesOS
import LanesReport

/// The six parts of the lab, in the order of a course.
package enum LabChapter: String, CaseIterable, Sendable {
  case kernel, processes, scheduling, sharing, talking, storage

  package var title: String {
    switch self {
    case .kernel: "Crossing into the kernel"
    case .processes: "Processes and threads"
    case .scheduling: "Switching and scheduling"
    case .sharing: "Sharing memory"
    case .talking: "Talking and waiting"
    case .storage: "Memory and files"
    }
  }
}

/// One experiment: claims, how they are put to the test, and what is known of them elsewhere.
package struct Experiment: Sendable {
  package let name: String
  package let chapter: LabChapter
  package let title: String
  /// The claim in a few words, for the list.
  package let short: String
  package let claims: [LabClaim]
  package let published: [LabPublished]
  /// Sentences: what is done, what proves it, what misleads.
  package let method: [String]
  /// The inner loop, as it stands in CLab's sources.
  package let loop: String
  /// Lines of `lanes` itself that do what the experiment is about, for students who build it anew.
  package let excerpt: Excerpt?
  /// Units whose figures the picture shows; a table of text does without them.
  private let drawn: [LabFigure.Unit]
  /// Runs in a process of its own, on its main thread.
  let measure: @Sendable (LabLoop) -> LabMeasurements
  /// Lines of a picture for so many columns; none for the usual scale.
  package let picture: @Sendable (LabMeasurements, Int) -> [String]

  /// A part of a source file.
  package struct Excerpt: Sendable {
    /// From the root of the repository.
    package let file: String
    /// Lines as they stand there, but for indentation; those that begin with // are the excerpt's own.
    package let text: String
  }

  init(
    _ name: String, _ chapter: LabChapter, title: String, short: String, claims: [LabClaim],
    published: [LabPublished] = [], method: [String], loop: String, excerpt: Excerpt? = nil,
    picture: @escaping @Sendable (LabMeasurements, Int) -> [String] = { _, _ in [] },
    drawn: [LabFigure.Unit] = [],
    measure: @escaping @Sendable (LabLoop) -> LabMeasurements
  ) {
    self.name = name
    self.chapter = chapter
    self.title = title
    self.short = short
    self.claims = claims
    self.published = published
    self.method = method
    self.loop = loop
    self.excerpt = excerpt
    self.picture = picture
    self.drawn = drawn
    self.measure = measure
  }

  /// For texts and pages.
  package var description: LabDescription {
    let place = Experiment.all.firstIndex { $0.name == name } ?? 0
    let next = place + 1 < Experiment.all.count ? Experiment.all[place + 1].name : nil
    var result = LabDescription(name: name, title: title, claims: claims, published: published, next: next)
    result.drawn = drawn
    return result
  }

  package static func named(_ name: String) -> Experiment? { all.first { $0.name == name } }

  package static func of(_ chapter: LabChapter) -> [Experiment] { all.filter { $0.chapter == chapter } }

  /// Measures in this process, and says on what.
  package func run(_ loop: LabLoop) -> LabMeasurements {
    let load = clab_load()
    // Counted before the experiment pins its thread.
    let cpus = CPUs.available
    var measurements = measure(loop)
    measurements.timerStep = Double(clab_timer_step())
    let batches = measurements.figures.reduce(0) { $0 + $1.batches }
    var parts = batches > 0 ? [Readable.counted(batches, "batch", "batches")] : []
    parts.append(Readable.counted(cpus, "CPU"))
    if load >= 0 { parts.append("load \(Readable.fixed(load, digits: 1))") }
    if LabMachine.isVirtual { parts.append("a virtual machine") }
    let text = parts.joined(separator: ", ")
    measurements.circumstances = text.prefix(1).uppercased() + text.dropFirst()
    return measurements
  }
}

/// What the machine is, as far as experiments care.
package enum LabMachine {
  /// True under a hypervisor that says so.
  package static var isVirtual: Bool { cpuFlags.contains("hypervisor") }

  /// What the kernel lists of the first processor.
  package static var cpuFlags: [Substring] {
    let line = ProcessFile("/proc/cpuinfo")?.text.split(separator: "\n").first { $0.hasPrefix("flags") }
    return line?.split(separator: " ") ?? []
  }

  /// Gigahertz as the kernel tells them; nil where it does not.
  package static var gigahertz: Double? {
    let line = ProcessFile("/proc/cpuinfo")?.text.split(separator: "\n").first { $0.hasPrefix("cpu MHz") }
    return line?.split(separator: ":").last.flatMap { Double($0.split(separator: " ").joined()) }.map { $0 / 1000 }
  }
}
