import LanesCore

/// What the process that ran an experiment hands to the one that judges it.
package struct LabMeasurements: Sendable, Equatable {
  /// Why something cannot be decided here.
  package struct Obstacle: Sendable, Equatable {
    /// The claim that it concerns; empty for all.
    package let claim: String
    /// One sentence without its full stop.
    package let reason: String
  }

  package var figures: [LabFigure] = []
  /// Facts that are numbers, by name.
  package var values: [String: Double] = [:]
  /// Facts that are text, such as an order of events, by name.
  package var texts: [String: String] = [:]
  package var obstacles: [Obstacle] = []
  /// Nanoseconds of the clock's smallest step.
  package var timerStep = 1.0
  /// What it ran on: CPUs, load, and the like; a sentence without its full stop.
  package var circumstances = ""
  /// True when what an experiment needs is not on this machine at all.
  package var isFacilityMissing = false

  package init() {}

  package subscript(_ name: String) -> LabFigure? { figures.first { $0.name == name } }

  /// Notes that a claim, or every one, cannot be decided unless `condition` holds.
  package mutating func require(_ condition: Bool, _ reason: String, for claim: String = "") {
    if !condition { obstacles.append(Obstacle(claim: claim, reason: reason)) }
  }

  /// As bytes for a pipe.
  package var encoded: Bytes {
    var wire = WireWriter()
    wire.write(figures.count)
    for figure in figures { figure.write(to: &wire) }
    wire.write(values.count)
    for (name, value) in values {
      wire.write(name)
      wire.write(value)
    }
    wire.write(texts.count)
    for (name, text) in texts {
      wire.write(name)
      wire.write(text)
    }
    wire.write(obstacles.count)
    for obstacle in obstacles {
      wire.write(obstacle.claim)
      wire.write(obstacle.reason)
    }
    wire.write(timerStep)
    wire.write(circumstances)
    wire.write(isFacilityMissing)
    return wire.bytes
  }

  /// Reads back `encoded`; throws on bytes that are too short, as of a process that died while it wrote.
  package init(decoding bytes: Bytes) throws(WireError) {
    var wire = WireReader(bytes)
    for _ in 0..<(try wire.read(Int.self)) { figures.append(try LabFigure(from: &wire)) }
    for _ in 0..<(try wire.read(Int.self)) {
      let name = try wire.readString()
      values[name] = try wire.readDouble()
    }
    for _ in 0..<(try wire.read(Int.self)) {
      let name = try wire.readString()
      texts[name] = try wire.readString()
    }
    for _ in 0..<(try wire.read(Int.self)) {
      let claim = try wire.readString()
      obstacles.append(Obstacle(claim: claim, reason: try wire.readString()))
    }
    timerStep = try wire.readDouble()
    circumstances = try wire.readString()
    isFacilityMissing = try wire.readBool()
  }
}

extension LabFigure {
  fileprivate func write(to wire: inout WireWriter) {
    wire.write(name)
    wire.write(unit.rawValue)
    for value in [p10, p50, p90] { wire.write(value) }
    wire.write(batches)
    wire.write(disturbed)
    wire.write(batch)
    wire.write(needed)
    for share in [cpuPerWall, delay] {
      wire.write(share != nil)
      wire.write(share ?? 0)
    }
    wire.write(counters.count)
    for counter in counters {
      wire.write(counter.name)
      wire.write(counter.value)
    }
  }

  fileprivate init(from wire: inout WireReader) throws(WireError) {
    let name = try wire.readString()
    guard let unit = Unit(rawValue: try wire.read()) else { throw WireError("no such unit") }
    let quantiles = [try wire.readDouble(), try wire.readDouble(), try wire.readDouble()]
    let batches = try wire.read(Int.self)
    let (disturbed, batch) = (try wire.readDouble(), try wire.readDouble())
    let needed = try wire.read(Int.self)
    var shares: [Double?] = []
    for _ in 0..<2 {
      let isKnown = try wire.readBool()
      let share = try wire.readDouble()
      shares.append(isKnown ? share : nil)
    }
    var counters: [Counter] = []
    for _ in 0..<(try wire.read(Int.self)) {
      let name = try wire.readString()
      counters.append(Counter(name, try wire.readDouble()))
    }
    self.init(
      name: name, unit: unit, quantiles: quantiles, batches: batches, disturbed: disturbed, batch: batch,
      needed: needed, cpuPerWall: shares[0], delay: shares[1], counters: counters)
  }
}
