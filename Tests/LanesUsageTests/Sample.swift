import LanesUsage

/// A small program in the parser's own form: `count` and `convert` in families, `primes`, and `compare` around them.
enum Sample {
  static let table = CommandTable(dump: #"{"serializationVersion":0,"command":\#(root)}"#)!

  private static let root = command(
    "lanes", [],
    subcommands: [
      command(
        "images", [],
        subcommands: [command("convert", [option(["o", "output"]), option(["resize"]), quality, cores, quiet, file])]),
      command("primes", [cores, mode, flag(["list"]), option(["nth"], strategy: "unconditional"), operand("BOUND")]),
      command(
        "files", [],
        subcommands: [
          command("count", [flag(["l", "lines"]), flag(["r", "recursive"]), cores, file]), command("hash", [file]),
        ]),
      command(
        "compare",
        [modes, flag(["cold"]), flag(["h", "help"]), report, operand("WORDS", strategy: "allRemainingInput")]),
      command("lab", [operand("EXPERIMENT", more: values(["engines", "units", "start-up"]))]),
      command("help", []),
    ])

  private static let cores = option(["j", "cores"], strategy: "unconditional")
  private static let quality = option(["quality"], strategy: "unconditional")
  private static let quiet = flag(["q", "quiet"])
  private static let mode = option(["mode"], more: #","allValues":["serial","threads","auto"]"#)
  private static let modes = option(["modes"], more: values(["serial", "threads"]))
  private static let report = option(["report"], more: #","completionKind":{"file":{"extensions":["html"]}}"#)
  private static let file = operand("FILE", more: #","completionKind":{"file":{"extensions":[]}}"#)

  private static func values(_ words: [String]) -> String {
    #","completionKind":{"list":{"values":[\#(words.map { "\"\($0)\"" }.joined(separator: ","))]}}"#
  }

  private static func command(_ name: String, _ arguments: [String], subcommands: [String] = []) -> String {
    #"{"commandName":"\#(name)","abstract":"Does \#(name). And more.","arguments":[\#(arguments.joined(separator: ","))],"#
      + #""subcommands":[\#(subcommands.joined(separator: ","))]}"#
  }

  private static func option(_ names: [String], strategy: String = "default", more: String = "") -> String {
    argument("option", names, strategy, more)
  }

  private static func flag(_ names: [String]) -> String { argument("flag", names, "default", "") }

  private static func argument(_ kind: String, _ names: [String], _ strategy: String, _ more: String) -> String {
    let list = names.map { #"{"kind":"\#($0.count == 1 ? "short" : "long")","name":"\#($0)"}"# }.joined(separator: ",")
    return
      #"{"kind":"\#(kind)","parsingStrategy":"\#(strategy)","valueName":"N","abstract":"Sets it. Or not.","names":[\#(list)]\#(more)}"#
  }

  private static func operand(_ name: String, strategy: String = "default", more: String = "") -> String {
    #"{"kind":"positional","valueName":"\#(name)","isOptional":true,"isRepeating":true,"parsingStrategy":"\#(strategy)"\#(more)}"#
  }
}
