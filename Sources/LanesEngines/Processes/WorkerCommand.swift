/// How to start a worker: a program and the arguments that make it one. The number of the parent process is appended.
package struct WorkerCommand: Sendable {
  /// The first descriptor of a worker that is not its own way to talk, whatever the channel.
  package static let firstGivenDescriptor = WorkerDescriptors.output(WorkerDescriptors.slots - 1) + 1

  /// With which a worker ends that can hear or answer its coordinator no more (EX_IOERR): no doing of its units.
  package static let unreachableStatus: Int32 = 74

  package var program: String
  /// Without the program's name and the parent's number.
  package var arguments: [String]

  /// - Parameters:
  ///   - program: usually "/proc/self/exe", this program, whatever became of its file.
  ///   - arguments: the words after the program's name, such as the hidden subcommand.
  package init(program: String = "/proc/self/exe", arguments: [String]) {
    self.program = program
    self.arguments = arguments
  }
}
