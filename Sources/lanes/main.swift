import LanesCore
import LanesEngines
import LanesLab
import LanesOS

// Before anything opens a descriptor: one that got the number of a closed stream would be written to by messages.
StandardStreams.hold()
// A worker never sees the command-line parser: it must start in milliseconds.
let words = RawArguments.words
// Decided once, from the locale; everything that writes for people asks for it.
Glyphs.use(Terminal.isUTF8 ? .unicode : .ascii)
if words.count == 3, words[1] == WorkerMode.word, let parent = Int32(words[2]) {
  exitProcess(WorkerMode.run(parent: parent))
} else if words.count > 1, words[1] == Supervisor.word {
  exitProcess(Supervisor.serve(RawArguments.typed.dropFirst(2)))
} else if words.count > 1, words[1] == LabProcess.word {
  exitProcess(LabProcess.serve(Array(words.dropFirst())))
} else {
  CommandLineMode.run(Array(words.dropFirst()))
}
