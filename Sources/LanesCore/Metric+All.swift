extension Metric {
  /// Every figure of a run, in the order in which JSON tells them.
  ///
  /// Sources: getrusage(2) and wait4(2) for times, switches and faults; VmHWM of /proc/PID/status and /proc/PID/io,
  /// which only the process itself reads and which may be hidden, for memory and storage; /proc/pressure for pressure.
  package static let all: [Metric] = extent + times + switchesAndFaults + memory + bytes + ring + pressure + identity

  private static let extent = [
    Metric(
      name: "units_in_flight", unit: .count, source: .run(Field(\.mostInFlight)), course: .peak, isToldOfRuns: false,
      section: .extent),
    Metric(name: "units_done", unit: .count, source: .run(Field(\.unitsDone))),
    Metric(name: "units_failed", unit: .count, source: .run(Field(\.unitsFailed)), rounds: .most, section: .troubles),
    Metric(name: "workers_lost", unit: .count, source: .run(Field(\.workersLost)), rounds: .sum, section: .troubles),
    Metric(name: "wall_ns", unit: .nanoseconds, source: .run(Field(\.wall)), text: (.wall, "")),
  ]

  private static let times = [
    Metric(
      name: "user_ns", unit: .nanoseconds, source: .process(Field(\.user)), section: .times,
      column: Column(
        name: "user", heading: ["user"], rank: 5,
        explanation: "Processor time in the program's own code, of all threads and processes added up."),
      text: (.processor, "user")),
    Metric(
      name: "system_ns", unit: .nanoseconds, source: .process(Field(\.system)), section: .times,
      column: Column(
        name: "system", heading: ["sys"], rank: 6,
        explanation: "Processor time in the kernel on the program's behalf: system calls, page faults, copying."),
      text: (.processor, "system")),
  ]

  private static let switchesAndFaults = [
    Metric(
      name: "voluntary_switches", unit: .count, source: .process(Field(\.voluntarySwitches)), section: .costs,
      column: .switches, text: (.switches, "voluntary")),
    Metric(
      name: "involuntary_switches", unit: .count, source: .process(Field(\.involuntarySwitches)), section: .costs,
      column: .switches, text: (.switches, "involuntary")),
    Metric(
      name: "minor_faults", unit: .count, source: .process(Field(\.minorFaults)), section: .costs, column: .faults,
      text: (.faults, "minor")),
    Metric(
      name: "major_faults", unit: .count, source: .process(Field(\.majorFaults)), section: .costs, column: .faults,
      text: (.faults, "major")),
  ]

  private static let memory = [
    Metric(
      name: "peak_memory_bytes", unit: .bytes, source: .process(Field(\.peakMemory)), course: .peak, section: .costs,
      column: Column(
        name: "peak memory", heading: ["peak", "mem"], rank: 4, meaning: "peak memory of all processes added up",
        explanation:
          "The most that each process had resident, added up; pages that processes share count in each of them."),
      text: (.memory, "peak")),
    // Only who watches a run from outside can see it.
    Metric(
      name: "proportional_memory_bytes", unit: .bytes, source: .run(Field(\.proportionalPeak)), course: .peak,
      isToldOfRuns: false, section: .costs,
      column: Column(
        name: "proportional", heading: ["shared", "once"], rank: 14,
        meaning: "shared once: memory that processes share",
        explanation: "The most that was seen of all processes together, with pages that they share counted once.",
        isDetail: true)),
  ]

  private static let bytes = [
    Metric(
      name: "storage_read_bytes", unit: .bytes, source: .process(Field(\.storageRead)), section: .costs,
      column: Column(
        name: "storage read", heading: ["from", "storage"], rank: 10,
        explanation: "Bytes fetched from the disk; what the page cache held already is not among them.", isDetail: true),
      text: (.storage, "read")),
    Metric(
      name: "storage_written_bytes", unit: .bytes, source: .process(Field(\.storageWritten)), section: .costs,
      column: Column(
        name: "storage written", heading: ["to", "storage"], rank: 13,
        explanation: "Bytes sent to the disk, at once or later: the kernel counts pages when they become dirty.",
        isDetail: true),
      text: (.storage, "written")),
    Metric(name: "in_bytes", unit: .bytes, source: .run(Field(\.bytesIn)), section: .costs, text: (.bytes, "in")),
    Metric(name: "out_bytes", unit: .bytes, source: .run(Field(\.bytesOut)), section: .costs, text: (.bytes, "out")),
    Metric(
      name: "between_bytes", unit: .bytes, source: .run(Field(\.bytesBetween)), section: .costs,
      column: Column(
        name: "between processes", heading: ["bytes", "moved"], rank: 3, meaning: "bytes moved between processes",
        explanation: "Bytes that crossed from one process to another, through a pipe, a socket or shared memory."),
      text: (.bytes, "between processes")),
  ]

  private static let ring = [
    Metric(name: "ring_submitted", unit: .count, source: .run(Field(\.ring.submitted)), text: (.ring, "submitted")),
    Metric(name: "ring_completed", unit: .count, source: .run(Field(\.ring.completed)), text: (.ring, "completed")),
    Metric(name: "ring_calls", unit: .count, source: .run(Field(\.ring.calls)), text: (.ring, "calls")),
  ]

  private static let pressure = [
    Metric(
      name: "cpu_pressure_ns", unit: .nanoseconds, source: .run(Field(\.pressure.cpu)), section: .costs,
      column: .pressure, text: (.pressure, "cores")),
    Metric(
      name: "io_pressure_ns", unit: .nanoseconds, source: .run(Field(\.pressure.io)), section: .costs,
      column: .pressure, text: (.pressure, "storage")),
    Metric(
      name: "memory_pressure_ns", unit: .nanoseconds, source: .run(Field(\.pressure.memory)), section: .costs,
      column: .pressure, text: (.pressure, "memory")),
  ]
}

extension Metric {
  /// A name and no amount; text tells it in a form of its own.
  private static let identity = [Metric(name: "process_id", unit: .count, source: .run(Field(\.process)))]
}

extension Metric.Column {
  fileprivate static let switches = Self(
    name: "switches vol./invol.", heading: ["switches", "vol/inv"], rank: 7, meaning: "switches voluntary/involuntary",
    explanation:
      "How often a thread left its core: voluntarily, to wait for something, or involuntarily, because its time was up or "
      + "the core was wanted for another.")
  fileprivate static let faults = Self(
    name: "faults minor/major", heading: ["faults", "min/maj"], rank: 8, meaning: "faults minor/major",
    explanation:
      "How often an address had no page behind it: a minor fault was served from memory, a major one waited for the disk."
  )
  fileprivate static let pressure = Self(
    name: "pressure CPU, I/O, memory",
    explanation:
      "How long some task of the whole machine had to wait for a core, for storage and for memory, other programs "
      + "included.", separator: ", ")
}

extension LaneUsage {
  /// One figure of a lane: its key in JSON, and where it stands.
  package struct Figure: Sendable {
    package let name: String
    package let field: Field<LaneUsage>
  }

  /// What the lane did, which together with its idle time makes the run; JSON tells idle time behind them.
  package static let stages = [
    Figure(name: "units", field: Field(\.units)),
    Figure(name: "loading_ns", field: Field(\.loading)),
    Figure(name: "performing_ns", field: Field(\.performing)),
    Figure(name: "storing_ns", field: Field(\.storing)),
  ]

  /// What it had to wait for while it performed, and what its worker process took.
  package static let waits = [
    Figure(name: "queued_ns", field: Field(\.queued)),
    Figure(name: "stalled_ns", field: Field(\.stalled)),
    Figure(name: "transferring_ns", field: Field(\.transferring)),
    Figure(name: "start_up_ns", field: Field(\.startUp)), Figure(name: "task_id", field: Field(\.task)),
  ]
}
