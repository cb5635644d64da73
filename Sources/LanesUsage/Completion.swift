/// What a shell offers for the word that is being typed.
///
/// All three shells ask the program itself, `lanes __complete WORDS…`, so that one set of rules holds in each, also
/// after `compare`, whose words are those of another command.
package struct Completion: Equatable {
  /// What the shell adds from the file system.
  package enum Names: Equatable {
    case none
    /// Files with one of these suffixes, or all; and folders, through which one reaches them.
    case files(suffixes: [String])
    case folders
  }

  /// A whole word and what it means.
  package struct Candidate: Equatable {
    package let word: String
    package let help: String
  }

  package var candidates: [Candidate] = []
  package var names = Names.none

  /// - Parameter words: those after the program's name, the last one as far as it is typed.
  package init(of words: [String], _ root: CommandTable) {
    guard let typed = words.last else { return }
    // The words before the last are taken as they are; only the last is being typed.
    var walk = Walk(root: root)
    for word in Shortcuts.expanding(Array(words.dropLast())) { walk.take(word) }
    walk.complete(typed, into: &self)
  }

  /// The answer as text: a line for the kind of names, then a line for each candidate, its help after a tab.
  ///
  /// The scripts of `CompletionScript` read this form, also those that an older program installed.
  package var text: String {
    let kind =
      switch names {
      case .none: "none"
      case .files(let suffixes): (["files"] + suffixes).joined(separator: " ")
      case .folders: "folders"
      }
    return ([kind] + candidates.map { "\($0.word)\t\($0.help)" }).map { $0 + "\n" }.joined()
  }

  /// Where the words typed so far lead.
  private struct Walk {
    let root: CommandTable
    /// The command whose words come, and the one around it.
    var table: CommandTable
    var outer: CommandTable?
    /// The option whose value comes.
    var pending: CommandTable.Option?
    /// `--` was typed: no word is an option any more.
    var isOver = false
    /// The words follow `lanes help`.
    var isHelp = false

    init(root: CommandTable) {
      self.root = root
      table = root
    }

    /// Goes past a word that was typed in full. Unknown words are passed over.
    mutating func take(_ word: String) {
      if pending != nil {
        pending = nil
      } else if isOver {
        return
      } else if word == "--" {
        // After compare, `--` ends compare's own options and the command's are still to come.
        isOver = !table.wrapsCommand
      } else if word.hasPrefix("-"), word != "-" {
        // Of letters in one word the last one may await a value.
        let name = word.hasPrefix("--") ? word : "-" + String(word.suffix(1))
        if let option = option(name), option.takesValue { pending = option }
      } else {
        descend(word)
      }
    }

    /// Takes a word that is no option: a command if there is one of that name, an operand otherwise.
    private mutating func descend(_ word: String) {
      // After compare a short name may come where compare's own words ended.
      let words = outer != nil && table.name == root.name ? Shortcuts.expanding([word]) : [word]
      if table.wrapsCommand {
        (outer, table) = (table, root)
        for word in Shortcuts.expanding([word]) { descend(word) }
      } else if word == "help", table.name == root.name, outer == nil {
        isHelp = true
      } else {
        for word in words { if let next = table.subcommand(word) { table = next } }
      }
    }

    /// The commands whose options may come, the inner one first.
    private var tables: [CommandTable] { [table] + (outer.map { [$0] } ?? []) }
    private func option(_ name: String) -> CommandTable.Option? { tables.lazy.compactMap { $0.option(name) }.first }

    /// Finds what the word that is being typed could become.
    func complete(_ typed: String, into answer: inout Completion) {
      // From the surest place to the least: a value, a value after =, an option, a command, an operand.
      if let pending { return values(pending.values, typed, "", into: &answer) }
      if !isOver, typed.hasPrefix("--"), let equals = typed.firstIndex(of: "="),
        let option = option(String(typed[..<equals]))
      {
        let prefix = String(typed[...equals])
        return values(option.values, String(typed.dropFirst(prefix.count)), prefix, into: &answer)
      }
      if !isOver, typed.hasPrefix("-") { return options(typed, into: &answer) }
      if !table.subcommands.isEmpty || table.wrapsCommand { return commands(typed, into: &answer) }
      values(table.operands.first?.values ?? .any, typed, "", into: &answer)
    }

    /// Offers values that begin as `typed` does. Candidates have `prefix`, such as `--mode=`, in front.
    private func values(_ values: CommandTable.Values, _ typed: String, _ prefix: String, into answer: inout Completion)
    {
      switch values {
      case .any: break
      case .files(let suffixes): answer.names = .files(suffixes: suffixes)
      case .folders: answer.names = .folders
      case .words(let words):
        // In a list, the word after the last comma is being typed.
        let done = typed.lastIndex(of: ",").map { typed[...$0] } ?? ""
        for word in words where word.hasPrefix(typed.dropFirst(done.count)) {
          answer.candidates.append(Candidate(word: prefix + done + word, help: ""))
        }
      }
    }

    /// Offers names of options. Two commands may share a name, which is then offered once.
    private func options(_ typed: String, into answer: inout Completion) {
      var known: Set<String> = []
      // Options of compare may stand among the words of the command that it compares, so both are offered.
      for option in tables.flatMap(\.options) where option.isVisible {
        for name in option.names where name.hasPrefix(typed) && known.insert(name).inserted {
          answer.candidates.append(Candidate(word: name, help: option.abstract.firstSentence))
        }
      }
    }

    /// Offers commands; at the top level also short names, and after `help` its pages.
    private func commands(_ typed: String, into answer: inout Completion) {
      let isInner = outer != nil || table.wrapsCommand
      let parent = table.wrapsCommand ? root : table
      let isTop = parent.name == root.name
      for command in parent.subcommands where command.name.hasPrefix(typed) {
        // Commands that can be compared.
        if isTop, isInner, !["images", "primes", "files"].contains(command.name) { continue }
        if isHelp, command.name == "help" { continue }
        answer.candidates.append(Candidate(word: command.name, help: command.abstract.firstSentence))
      }
      guard isTop else { return }
      for (short, long) in Shortcuts.commands where short.hasPrefix(typed) && !isHelp {
        answer.candidates.append(Candidate(word: short, help: "Short for \(long.joined(separator: " "))."))
      }
      for (topic, help) in Shortcuts.topics where isHelp && topic.hasPrefix(typed) {
        answer.candidates.append(Candidate(word: topic, help: help))
      }
    }
  }
}

extension String {
  /// The text up to the end of its first sentence.
  var firstSentence: String {
    var end = startIndex
    while end < endIndex {
      let next = index(after: end)
      if self[end] == ".", next == endIndex || self[next] == " " { return String(self[..<next]) }
      end = next
    }
    return self
  }
}
