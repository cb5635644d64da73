import CLinux
import Glibc

/// What code in a hijacked decoder would try, to find out what a process can reach. Nothing of it does harm where it succeeds.
package enum Attack: UInt8, CaseIterable, Sendable {
  case readFile, makeFile, listFolder, network, localSocket, startProcess, runProgram, traceParent, signalParent,
    parentMemory, parentEnvironment, takeMemory, makeCode, writeGiven, raiseLimit

  /// Such as "read a file".
  package var words: String {
    switch self {
    case .readFile: "read a file"
    case .makeFile: "make a file"
    case .listFolder: "list a folder"
    case .network: "connect to the network"
    case .localSocket: "connect to a local socket"
    case .startProcess: "start a process"
    case .runProgram: "run a program"
    case .traceParent: "trace its parent"
    case .signalParent: "send its parent a signal"
    case .parentMemory: "read its parent's memory"
    case .parentEnvironment: "read its parent's environment"
    case .takeMemory: "take all memory"
    case .makeCode: "make memory executable"
    case .writeGiven: "write to a file it was given to read"
    case .raiseLimit: "raise its own limits"
    }
  }

  /// Tries it in this process; the reason for which it was refused, nil when it succeeded. Where a sandbox holds, most attacks do
  /// not return.
  ///
  /// - Parameters:
  ///   - parent: the process that is attacked.
  ///   - firstGiven: the first descriptor that is not this process's own way to talk.
  package func attempt(on parent: Int32, firstGiven: Int32) -> String? {
    let code = clinux_attack(kind, parent, firstGiven)
    return code == 0 ? nil : SystemError("attack", errno: code).reason
  }

  private var kind: clinux_attack_kind {
    switch self {
    case .readFile: clinux_attack_read_file
    case .makeFile: clinux_attack_make_file
    case .listFolder: clinux_attack_list_folder
    case .network: clinux_attack_network
    case .localSocket: clinux_attack_local_socket
    case .startProcess: clinux_attack_start_process
    case .runProgram: clinux_attack_run_program
    case .traceParent: clinux_attack_trace_parent
    case .signalParent: clinux_attack_signal_parent
    case .parentMemory: clinux_attack_parent_memory
    case .parentEnvironment: clinux_attack_parent_environment
    case .takeMemory: clinux_attack_take_memory
    case .makeCode: clinux_attack_make_code
    case .writeGiven: clinux_attack_write_given
    case .raiseLimit: clinux_attack_raise_limit
    }
  }
}
