import ArgumentParser
import LanesCluster
import LanesOS
import SystemPackage

/// The hosts that do shards over ssh.
struct HostArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "ssh: a file with a host, as ssh takes it, in each line; # begins a comment.", valueName: "FILE"),
    completion: .file())
  var hosts: String?

  /// Names of options that were given.
  var given: [(name: String, isGiven: Bool)] { [("hosts", hosts != nil)] }

  /// The hosts of the file, each once; none without a file.
  func read() throws -> [String] {
    guard let hosts else { return [] }
    let path = RawArguments.path(hosts)
    let text: String
    do throws(SystemError) {
      let file = try StoredFile(path)
      text = String(decoding: try file.read(try file.size(), at: 0), as: UTF8.self)
    } catch {
      throw ExitStatus.missing.failing("\(path.forDisplay) cannot be read: \(error.reason)")
    }
    var names: [String] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      guard let name = words.first else { continue }
      // ssh would take it for an option.
      guard words.count == 1, !name.hasPrefix("-") else {
        throw ExitStatus.usage.failing("\(path.forDisplay), line \(index + 1): one name of a host was expected")
      }
      if !names.contains(String(name)) { names.append(String(name)) }
    }
    guard !names.isEmpty else { throw ExitStatus.usage.failing("\(path.forDisplay) names no host") }
    return names
  }
}
