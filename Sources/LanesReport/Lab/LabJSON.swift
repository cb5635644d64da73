import LanesCore

/// An experiment's outcome as JSON, one object per line: every figure, then every claim. docs/lab.schema.json describes
/// them, member by member.
package enum LabJSON {
  /// Lines without their ends.
  package static func lines(_ description: LabDescription, _ measurements: LabMeasurements) -> [String] {
    Glyphs.with(.unicode) {
      measurements.figures.map { figure($0, of: description) }
        + description.claims.map { claim($0, of: description, measurements) }
    }
  }

  private static func figure(_ figure: LabFigure, of description: LabDescription) -> String {
    var json = JSONWriter()
    json.object {
      $0.member("type", "figure")
      $0.member("experiment", description.name)
      $0.member("variant", figure.name)
      $0.member("unit", figure.unit.name)
      $0.member("p10", figure.p10)
      $0.member("p50", figure.p50)
      $0.member("p90", figure.p90)
      $0.member("batches", figure.batches)
      $0.member("batch_ns", figure.batch == 0 ? nil : figure.batch)
      $0.member("disturbed", figure.disturbed)
      $0.member("cpu_per_wall", figure.cpuPerWall)
      $0.member("run_delay", figure.delay)
      $0.key("counters")
      $0.object { json in for counter in figure.counters { json.member(counter.name, counter.value) } }
    }
    return json.text
  }

  private static func claim(
    _ claim: LabClaim, of description: LabDescription, _ measurements: LabMeasurements
  ) -> String {
    let verdict = LabVerdict(claim, measurements)
    var json = JSONWriter()
    json.object {
      $0.member("type", "claim")
      $0.member("experiment", description.name)
      $0.member("id", claim.id)
      $0.member("claim", claim.text)
      $0.member("source", claim.origin.text)
      $0.member("verdict", verdict.kind.rawValue)
      $0.member("why", verdict.why)
      $0.key("published")
      $0.array { json in for figure in description.published { json.object { write(figure, to: &$0) } } }
    }
    return json.text
  }

  private static func write(_ figure: LabPublished, to json: inout JSONWriter) {
    json.member("subject", figure.subject)
    json.member("unit", figure.unit.name)
    json.member("low", figure.range.lowerBound)
    json.member("high", figure.range.upperBound)
    json.member("source", figure.source)
    json.member("address", figure.address)
  }
}
