import BenchFigures
import CTraffic
import Foundation

/// What the kernel's side costs: forwarding under our ruleset beside none at all and beside what others load, one session
/// changed, a hundred thousand loaded. Real packets, in network namespaces of its own.
@main
enum KernelBench {
    static let parts: [(name: String, run: @Sendable (Options, Report) throws -> Void)] = [
        ("forwarding", ForwardingPart.run), ("streams", StreamPart.run), ("commit", CommitPart.run),
        ("load", LoadPart.run),
    ]

    static func main() throws {
        traffic_print_lines()
        guard geteuid() == 0 else {
            print("kernel: needs root, for network namespaces of its own")
            exit(2)
        }
        let options = Options(Array(CommandLine.arguments.dropFirst()))
        let report = Report()
        for part in parts where options.only.isEmpty || options.only.contains(part.name) {
            do { try part.run(options, report) } catch { fail("\(part.name): \(error)") }
        }
        let holds = report.conclude()
        if let path = options.jsonPath {
            try report.json.write(toFile: path, atomically: true, encoding: .utf8)
        }
        exit(holds ? 0 : 1)
    }
}

struct Options {
    var only: [String] = []
    var isQuick = false
    var jsonPath: String?

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--quick": isQuick = true
            case "--only":
                only.append(contentsOf: (rest.popFirst() ?? "").split(separator: ",").map(String.init))
            case "--json": jsonPath = rest.popFirst()
            default: fail("unknown option \(argument)")
            }
        }
        let names = KernelBench.parts.map(\.name)
        for name in only where !names.contains(name) {
            fail("no part \(name); there are \(names.joined(separator: ", "))")
        }
    }

    var sizes: [Int] { isQuick ? [1_000, 100_000] : [1_000, 100_000, 1_000_000] }
}

func fail(_ text: String) -> Never {
    print("kernel: \(text)")
    exit(2)
}

/// What went wrong, in words.
struct Mistake: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
