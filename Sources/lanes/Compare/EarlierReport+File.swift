import ArgumentParser
import LanesCore
import LanesOS
import LanesReport
import LanesUsage
import SystemPackage

extension EarlierReport {
  /// Bytes that a report has at most: 1,000 rounds of 100 contenders have 6 MB.
  private static let mostBytes = 64 << 20
  /// How deep the objects of a report are nested at most; what is deeper is none, and would use up the stack.
  private static let mostDepth = 16

  /// Reads what `lanes compare --json` printed into a file; refuses anything else, and figures that cannot be held against
  /// those of `circumstances`.
  static func reading(_ name: String, against circumstances: ComparisonCircumstances) throws -> EarlierReport {
    func refusing(_ reason: String) -> ExitCode { ExitStatus.usage.failing("the baseline \(name) \(reason)") }
    let bytes: Bytes
    do {
      let path = RawArguments.path(name)
      let status = try FileStatus(of: path)
      guard status.kind == .regular else { throw refusing("is no regular file") }
      guard status.size <= mostBytes else { throw refusing("is too large to be a report of lanes compare --json") }
      let file = try Descriptor.reading(path)
      bytes = try DescriptorIO.bytes(file.number, at: 0, count: Int(status.size))
    } catch let error as SystemError {
      throw ExitStatus.stoppedEarly.failing("the baseline \(name) cannot be read: \(error.reason)")
    }
    guard let report = parsed(bytes) else {
      throw refusing("is not what lanes compare --json prints; make one with lanes compare --json ... > FILE")
    }
    if let reason = circumstances.refusal(of: report.circumstances) {
      throw refusing(reason + "; measure it anew under the same circumstances")
    }
    return report
  }

  /// Nil for anything that `ComparisonJSON` and `CommandJSON` do not write.
  private static func parsed(_ bytes: Bytes) -> EarlierReport? {
    let lines = bytes.split(separator: UInt8(ascii: "\n"))
    guard lines.allSatisfy({ depth($0) <= mostDepth }) else { return nil }
    let values = lines.compactMap { JSONValue(String(decoding: $0, as: UTF8.self)) }
    guard values.count == lines.count, let last = values.last else { return nil }
    guard let kind = text(last["type"]), ["verdict", "ranking"].contains(kind), let machine = last["machine"] else {
      return nil
    }
    var samples: [String: RoundSamples] = [:]
    for value in values.dropLast() {
      guard let name = text(value[kind == "verdict" ? "engine" : "name"]), let figures = value["samples"] else {
        return nil
      }
      samples[name] = RoundSamples(
        RankedFigure.allCases.reduce(into: [:]) { found, figure in
          guard let items = figures[figure.key]?.items, !items.isEmpty else { return }
          let numbers = items.compactMap { if case .number(let text) = $0 { Double(text) } else { nil } }
          if numbers.count == items.count { found[figure] = numbers }
        })
    }
    let facts = machine.keys.sorted().compactMap { key in
      text(machine[key]).map { ComparisonCircumstances.Fact(name: key, value: $0) }
    }
    return EarlierReport(
      circumstances: ComparisonCircumstances(
        words: text(last["words"]), isCold: last["cold"] == .bool(true), machine: facts), samples: samples)
  }

  private static func text(_ value: JSONValue?) -> String? { if case .string(let text)? = value { text } else { nil } }

  /// The most brackets that are open at once, outside strings.
  private static func depth(_ line: ArraySlice<UInt8>) -> Int {
    var (depth, most) = (0, 0)
    var (isString, isEscaped) = (false, false)
    for byte in line {
      if isString {
        if byte == UInt8(ascii: "\""), !isEscaped { isString = false }
        isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
      most = max(most, depth)
    }
    return most
  }
}
