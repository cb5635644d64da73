import Testing

@testable import LanesUsage

@Suite struct WordCheckTests {
  private let check = WordCheck(Sample.table)

  @Test(arguments: [
    ("primes 1e9 --core 4", "unknown option '--core'. Did you mean '--cores'?", "primes"),
    ("primes --core=4", "unknown option '--core'. Did you mean '--cores'?", "primes"),
    ("primes --lsit 10", "unknown option '--lsit'. Did you mean '--list'?", "primes"),
    ("primes --Cores 4", "unknown option '--Cores'. Did you mean '--cores'?", "primes"),
    ("primes -list", "unknown option '-list'. Did you mean '--list'?", "primes"),
    ("primes --xyzzy", "unknown option '--xyzzy'", "primes"),
    ("primes --threads 4", "unknown option '--threads': write --cores N, or -j N", "primes"),
    ("primes -p", "unknown option '-p': write --list", "primes"),
    ("primes -5", "unknown option '-5': a number below zero has no meaning here", "primes"),
    ("primes --mode", "--mode needs a value: write --mode serial, threads or auto", "primes"),
    (
      "primes --mode --list",
      "--mode needs a value, and '--list' begins with a dash: write --mode serial, threads or auto", "primes"
    ),
    (
      "images convert a -o b --width 800", "unknown option '--width': write --resize 800x for a width of 800 pixels",
      "images convert"
    ),
    ("images convert a -o b -quality 80", "unknown option '-quality'. Did you mean '--quality'?", "images convert"),
    ("images convert a -o b -resize 80x", "unknown option '-resize'. Did you mean '--resize'?", "images convert"),
    ("images convert a -o b -q80", "-q means --quiet: for JPEG quality write --quality 80", "images convert"),
    ("images convert a -o b -Q 80", "unknown option '-Q': write --quality N", "images convert"),
    (
      "images convert a -strip",
      "unknown option '--strip': write --metadata none, or --metadata icc to keep the color profile", "images convert"
    ),
    ("convert a -o b --qualty 3", "unknown option '--qualty'. Did you mean '--quality'?", "images convert"),
    ("files count -lz", "unknown option '-z' in '-lz'", "files count"),
    ("files cuont", "there is no command 'lanes files cuont'. Did you mean 'lanes files count'?", "files"),
    ("image convert", "there is no command 'lanes image'. Did you mean 'lanes images'?", ""),
    ("prims", "there is no command 'lanes prims'. Did you mean 'lanes primes'?", ""),
    ("conver x", "there is no command 'lanes conver'. Did you mean 'lanes convert'?", ""),
    ("count x", "there is no command 'lanes count'. Did you mean 'lanes files count'?", ""),
    ("wc x", "there is no command 'lanes wc'. Did you mean 'lanes files count'?", ""),
    ("xyzzy", "there is no command 'lanes xyzzy'", ""),
    ("help prims", "there is no command 'lanes prims'. Did you mean 'lanes primes'?", ""),
    ("help files hahs", "there is no command 'lanes files hahs'. Did you mean 'lanes files hash'?", "files"),
    ("lab engine", "unknown experiment 'engine'. Did you mean 'engines'?", "lab"),
    ("lab xyzzy", "unknown experiment 'xyzzy': there are engines, units and start-up", "lab"),
    ("compare primes 10 --core 3", "unknown option '--core'. Did you mean '--cores'?", "primes"),
    ("compare --cold prims", "lanes compare cannot run 'prims'. Did you mean 'lanes compare primes'?", "compare"),
    (
      "compare lab", "lanes compare cannot run 'lab': it runs images, primes and files, as in lanes compare primes 1e9",
      "compare"
    ),
    ("compare --runs 3 primes", "unknown option '--runs': write --rounds N", "compare"),
    ("compare convert x --colds", "unknown option '--colds'. Did you mean '--cold'?", "images convert"),
    (
      "compare files cuont",
      "there is no command 'lanes compare files cuont'. Did you mean 'lanes compare files count'?", "files"
    ),
    ("--vresion", "unknown option '--vresion'", ""),
  ]) func `an unknown word is named with what was probably meant`(
    _ line: String, _ message: String, _ command: String
  ) throws {
    let finding = check.check(words(line))
    #expect(finding?.message == message)
    #expect(finding?.command == words(command))
  }

  @Test(
    arguments: [
      "primes 1e9 --cores 4", "primes --cores=4", "primes -j4", "primes -j 4", "primes --cores -1", "primes --nth -5",
      "primes -- --core -5", "files count - -lr", "files count -rl x -- -z", "images convert - -o - --resize 10",
      "convert a -o b", "compare primes 1e9 --cold --cores 1", "compare -- primes 10",
      "compare --modes serial convert a",
      "help", "help primes", "help files count", "help engines", "help convert", "lab units start-up", "", "images",
      "compare", "files count -r=3 --quality",
    ].filter { !$0.hasSuffix("--quality") }) func `known words are left to the parser`(_ line: String)
  {
    #expect(check.check(words(line)) == nil)
  }

  @Test func `a value that the parser refused is compared with those that it takes`() {
    let refused = "The value 'thread' is invalid for '--mode <ENGINE>'. Please provide one of 'serial'."
    for line in ["primes --mode thread", "primes --mode=thread"] {
      #expect(
        check.value(refusedBy: refused, words(line))?.message
          == "--mode takes serial, threads or auto, not 'thread'. Did you mean 'threads'?")
    }
    #expect(
      check.value(refusedBy: "The value '--list' is invalid for '--cores <N>'", words("primes --cores --list"))?.message
        == "--cores needs a value, and '--list' is an option")
    #expect(check.value(refusedBy: "The value 'x' is invalid for '<BOUND>'", words("primes x")) == nil)
  }

  @Test(arguments: [
    ("Missing expected argument '--output <DEST>'", "--output <DEST> is missing"),
    ("The value '-5' is invalid for '--memory <SIZE>': \"-5\" is below zero", "--memory: \"-5\" is below zero"),
    ("The value 'x'y' is invalid for '-k <N>'", "-k <N>: 'x'y' is not valid"), ("Which PATTERN?", "Which PATTERN?"),
    ("The value 'x' is invalid for '<BOUND>': it's no number", "<BOUND>: it's no number"),
  ]) func `messages of the parser become short`(_ message: String, _ short: String) {
    #expect(WordCheck.shortened(message) == short)
  }

  @Test(arguments: [
    ("width", "fit", 3), ("lsit", "list", 1), ("core", "cores", 1), ("", "abc", 3), ("abc", "", 3), ("ca", "abc", 3),
    ("quilty", "quality", 2), ("same", "same", 0),
  ]) func `distances count insertions, deletions, replacements and swaps`(
    _ one: String, _ other: String, _ distance: Int
  ) {
    #expect(Nearest.editDistance(Array(one), Array(other)) == distance)
  }

  @Test func `nothing is offered when nothing is near`() {
    let names = ["--fit", "--flip", "--resize", "--max-pixels", "--png-level", "--png-filter", "--name"]
    #expect(Nearest.names(to: "--width", among: names) == [])
    #expect(Nearest.names(to: "--pixels", among: names) == ["--max-pixels"])
    #expect(Nearest.names(to: "--png", among: names) == ["--png-level", "--png-filter"])
    #expect(Nearest.names(to: "--maxPixels", among: names) == ["--max-pixels"])
    #expect(Nearest.names(to: "", among: names) == [])
  }

  private func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }
}
