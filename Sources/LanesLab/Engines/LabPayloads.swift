import LanesCore
import LanesReport

/// What units cost that carry bytes into their lane, and from which computing time on a lane of its own pays.
struct LabPayloads {
  let bench: LabBench
  let rounds: Int
  static let sizes = [0, 4 << 10, 64 << 10, 1 << 20, 16 << 20]

  func run() throws -> EngineResult {
    var result = EngineResult(
      experiment: .payloads, title: "Payloads: units that carry bytes from memory to the lane that performs them",
      headings: ["payload", "engine", "a unit", "units/s", "bytes/s", "of a copy", "break-even"],
      dispensable: ["units/s", "of a copy", "bytes/s"],
      notes: [
        "Bytes per second are those that were moved to a worker process, through pipe, socket or shared memory;",
        "serial, threads, event loop and hybrid hand over a reference and move none. Of a copy: beside one",
        "thread that copies the same bytes in memory.",
        "Break-even: the computing time of a unit from which on \(bench.lanes) lanes finish sooner than one.",
      ])
    for size in Self.sizes { result.rows += try rows(size) }
    return result
  }

  private func rows(_ size: Int) throws -> [EngineRow] {
    let payload = Bytes(repeating: LabWorkload.payloadByte, count: size)
    let counts = try bench.setups.map { try bench.fittingCount($0, payload: payload) }
    var samples = Array(repeating: [Double](), count: counts.count)
    var copies: [Double] = []
    for _ in 0..<rounds {
      for (index, setup) in bench.setups.enumerated() {
        samples[index].append(try bench.time(setup, LabBatch(units: counts[index], payload: payload)).perUnit)
      }
      // Beside each round and not once: memory is shared with whatever else runs.
      copies.append(bench.copySpeed(of: payload))
    }
    let medians = samples.map { Statistics($0).median }
    return try bench.setups.indices.map { index in
      let setup = bench.setups[index]
      let breakEven =
        setup.lanes > 1
        ? try self.breakEven(setup, payload, empty: medians[index], alone: medians[0]) : nil
      return row(setup, size, medians[index], Statistics(copies).median, breakEven)
    }
  }

  /// Nanoseconds of computing for which several lanes take as long a unit as one; nil when none up to a second was
  /// found.
  ///
  /// - Parameters:
  ///   - empty: nanoseconds of a unit that computes nothing, under `setup`.
  ///   - alone: the same under the serial engine.
  private func breakEven(_ setup: EngineSetup, _ payload: Bytes, empty: Double, alone: Double) throws -> Double? {
    var last = (computing: 0.0, gain: alone - empty)
    // Several lanes are ahead even without any computing.
    guard last.gain < 0 else { return 0 }
    var computing = max(100, (empty - alone) / 2)
    // Half as long again each time: some forty steps from 100 ns to a second, and the crossing is found between two by
    // a straight line.
    while computing < 1e9 {
      let count = max(bench.lanes * 16, Int(Double(LabBench.span) / (computing + empty)))
      let batch = LabBatch(units: count, payload: payload, computing: Int64(computing))
      // The least of three: what else the machine does can only add to it.
      let quickest = try (0..<3).map { _ in try bench.time(setup, batch).perUnit }.min()!
      let gain = alone + computing - quickest
      if gain >= 0 { return last.computing + (computing - last.computing) * -last.gain / (gain - last.gain) }
      last = (computing, gain)
      computing *= 1.5
    }
    return nil
  }

  private func row(
    _ setup: EngineSetup, _ size: Int, _ perUnit: Double, _ copySpeed: Double, _ breakEven: Double?
  ) -> EngineRow {
    let rate = 1e9 / max(perUnit, 0.001)
    let speed = rate * Double(size)
    // Inside one process a payload is handed over by reference, whatever its size; a speed would be made up.
    let moves = size > 0 && setup.kind.usesWorkers
    let cells = [
      Readable.bytes(size), setup.title, Readable.duration(nanoseconds: Int64(perUnit.rounded())),
      Readable.count(Int(rate)), moves ? Readable.bytes(Int(speed)) + "/s" : Glyphs.dash,
      moves ? Readable.percent(speed / copySpeed) : Glyphs.dash,
      breakEven.map { Readable.duration(nanoseconds: Int64($0.rounded())) } ?? Glyphs.dash,
    ]
    return EngineRow(cells: cells) {
      $0.member("payload_bytes", size)
      $0.member("engine", setup.name)
      $0.member("unit_ns", perUnit)
      $0.member("units_per_second", rate)
      $0.member("bytes_per_second", moves ? speed : nil)
      $0.member("copy_bytes_per_second", moves ? copySpeed : nil)
      $0.member("break_even_ns", breakEven)
    }
  }
}
