import Foundation
import Glibc
package import Testing

extension Trait where Self == ConditionTrait {
    package static var needsRoot: Self {
        .enabled(if: geteuid() == 0, "needs root: makes network namespaces")
    }
}

/// Runs a shell command in the calling thread's namespace; throws with its words when it fails.
///
/// Not `Process`: that waits on a run loop, which threads of namespaces have none of.
@discardableResult
package func shell(_ command: String, input: String = "") throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: "gatehouse-\(UUID()).txt")
    let script = FileManager.default.temporaryDirectory.appending(path: "gatehouse-\(UUID()).sh")
    defer { for path in [file, script] { try? FileManager.default.removeItem(at: path) } }
    try Data(input.utf8).write(to: file)
    try Data("PATH=$PATH:/usr/sbin:/sbin\n\(command)\n".utf8).write(to: script)
    // The stream is closed below and lives no longer.
    guard let stream = unsafe popen("/bin/sh -e \(script.path) < \(file.path) 2>&1", "r") else {
        throw SystemError(call: "popen", number: errno)
    }
    var output: [UInt8] = []
    while true {
        let byte = unsafe getc(stream)
        guard byte != EOF else { break }
        output.append(UInt8(truncatingIfNeeded: byte))
    }
    let status = unsafe pclose(stream)
    let text = String(decoding: output, as: UTF8.self)
    guard status == 0 else { throw ShellError(command: command, output: text) }
    return text
}

/// The same on a thread of its own: what is asked of a server in this process needs the others meanwhile.
package func shellAside(_ command: String, input: String = "") async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Result { try shell(command, input: input) })
        }
    }
}

package struct ShellError: Error, CustomStringConvertible {
    package var command: String
    package var output: String
    package var description: String { "\(command)\n\(output)" }
}

package struct SystemError: Error {
    package var call: String
    package var number: Int32

    package init(call: String, number: Int32) {
        self.call = call
        self.number = number
    }
}
