import Testing

@testable import LanesUsage

@Suite struct CompletionTests {
  private func complete(_ line: String) -> Completion {
    Completion(of: line.split(separator: " ", omittingEmptySubsequences: false).map(String.init), Sample.table)
  }

  @Test(arguments: [
    ("p", ["primes"]), ("co", ["compare", "convert"]), ("files ", ["count", "hash"]), ("files c", ["count"]),
    ("help e", ["engines"]), ("help files ", ["count", "hash"]), ("primes --m", ["--mode"]),
    ("primes --mode ", ["serial", "threads", "auto"]), ("primes --mode t", ["threads"]),
    ("primes --mode=t", ["--mode=threads"]), ("lab ", ["engines", "units", "start-up"]), ("lab s", ["start-up"]),
    ("compare ", ["images", "primes", "files", "convert"]), ("compare --cold pr", ["primes"]),
    ("compare primes --li", ["--list"]), ("compare primes --co", ["--cores", "--cold"]),
    ("compare primes --mode=", ["--mode=serial", "--mode=threads", "--mode=auto"]),
    ("compare --modes serial,th", ["serial,threads"]),
    ("compare --modes=serial,", ["--modes=serial,serial", "--modes=serial,threads"]),
    ("compare files ", ["count", "hash"]),
    ("convert -", ["-o", "--output", "--resize", "--quality", "-j", "--cores", "-q", "--quiet"]),
    ("compare convert --qui", ["--quiet"]), ("primes --cores ", []), ("primes -- --m", []),
  ]) func `words are offered where they fit`(_ line: String, _ words: [String]) {
    let answer = complete(line)
    #expect(answer.candidates.map(\.word) == words)
    #expect(answer.names == .none)
  }

  @Test(arguments: [
    ("files count ", []), ("files count -l x", []), ("compare files count -r ", []), ("compare --report ", ["html"]),
    ("compare --report=", ["html"]), ("compare primes --report ", ["html"]), ("files count -- -", []),
  ]) func `files are offered where names fit`(_ line: String, _ suffixes: [String]) {
    #expect(complete(line).names == .files(suffixes: suffixes))
  }

  @Test func `an answer is a kind of names and a line for each word`() {
    #expect(complete("primes --mo").text == "none\n--mode\tSets it.\n")
    #expect(complete("compare --report ").text == "files html\n")
    #expect(Completion(of: [], Sample.table).text == "none\n")
  }

  @Test func `there is a script for three shells`() {
    for shell in CompletionScript.shells {
      #expect(CompletionScript.text(for: shell)?.contains(CompletionScript.request) == true)
    }
    #expect(CompletionScript.text(for: "csh") == nil)
  }
}
