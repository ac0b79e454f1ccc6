import Figures
import Glibc
import Harness
import Workload

/// A part of the benchmark: `--only` names one. What joins later is one more line in `parts`.
struct Part: Sendable {
    let name: String
    let run: @Sendable (Options, Report) throws -> Void
}

let parts: [Part] = [
    Part(name: "lookup", run: LookupPart.run),
    Part(name: "decode", run: DecodePart.run),
    Part(name: "pipeline", run: PipelinePart.run),
    Part(name: "readers", run: ReadersPart.run),
    Part(name: "writer", run: WriterPart.run),
    Part(name: "scope", run: ScopePart.run),
    Part(name: "capture", run: CapturePart.run),
    Part(name: "memory", run: MemoryPart.run),
]

struct Options {
    var only: [String] = []
    var isQuick = false
    var jsonPath: String?
    /// Where large files may be written.
    var scratch = "/tmp"

    var sizes: [Int] { isQuick ? [1000, 100_000] : [1000, 100_000, 1_000_000] }
    var rounds: Int { isQuick ? 9 : 41 }

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--quick": isQuick = true
            case "--only":
                only.append(contentsOf: (rest.popFirst() ?? "").split(separator: ",").map(String.init))
            case "--json": jsonPath = rest.popFirst()
            case "--scratch": scratch = rest.popFirst() ?? scratch
            default: fail("unknown option \(argument)")
            }
        }
        for name in only where !parts.contains(where: { $0.name == name }) {
            fail("no part \(name); there are \(parts.map(\.name).joined(separator: ", "))")
        }
    }
}

@main
enum PathBench {
    static func main() throws {
        bench_print_lines()
        let options = Options(Array(CommandLine.arguments.dropFirst()))
        let report = Report()
        // The second reader has processor 1; everything else stays here.
        _ = bench_pin(0)
        for part in parts where options.only.isEmpty || options.only.contains(part.name) {
            try part.run(options, report)
        }
        let holds = report.conclude()
        if let path = options.jsonPath { write(report.json, to: path) }
        exit(holds ? 0 : 1)
    }

    private static func write(_ text: String, to path: String) {
        guard let file = fopen(path, "w") else { fail("cannot write \(path)") }
        fputs(text, file)
        fclose(file)
    }
}
