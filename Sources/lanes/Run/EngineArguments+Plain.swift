import LanesCore

extension EngineArguments {
  /// The options as they are where none is given: what their declarations say, which only the parser can read.
  ///
  /// A property that is left out here ends the program when it is read.
  static var plain: EngineArguments {
    var made = EngineArguments()
    made.mode = .auto
    made.isolation = nil
    made.cores = nil
    made.ipc = .shm
    made.queueDepth = nil
    made.memory = nil
    made.timeout = nil
    made.retries = 1
    made.journal = nil
    made.resume = nil
    made.stats = false
    made.trace = nil
    made.json = false
    made.progress = .auto
    made.quiet = false
    made.noColor = false
    return made
  }

  /// Takes `word`, and its value off `rest`, where it is one of the options that are given most; false where the parser
  /// must read it.
  mutating func take(_ word: String, _ rest: inout ArraySlice<String>) -> Bool {
    switch word {
    case "--stats": stats = true
    case "--json": json = true
    case "--quiet", "-q": quiet = true
    case "--no-color": noColor = true
    case "--mode":
      guard let value = rest.popFirst().flatMap(Mode.init(argument:)) else { return false }
      mode = value
    case "--cores", "-j":
      guard let value = rest.popFirst().flatMap({ Int($0) }) else { return false }
      cores = value
    default: return false
    }
    return true
  }
}
