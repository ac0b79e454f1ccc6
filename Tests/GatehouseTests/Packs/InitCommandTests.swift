import Foundation
import PolicyLanguage
import TestSupport
import Testing

@testable import gatehouse

struct InitCommandTests {
    private static let files = [
        "authorities.yaml", "clauses.yaml", "devices.yaml", "gatehouse.yaml.example", "policy.yaml",
        "properties.yaml",
        "systems.yaml", "tests/settings.yaml", "tests/staff.yaml", "users.yaml",
    ]

    private static func files(in folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter {
            $0 != "tests" && $0 != "vendors"
        }
        .sorted()
    }

    @Test(arguments: [
        "", "--vendors yes --zone Europe/London",
        "--name \"Ministère: 'l’Économie' #1\" --help-desk 'Ring \"us\"'",
        "--networks '10.20.0.0/16, fd20::/32' --proxy '10.20.0.8:8080 [fd20::8]:8080' --code 30m",
    ])
    func whatIsWrittenPasses(options: String) throws {
        try Executable.inFolder { folder throws in
            let result = try Executable.run("init pack --yes \(options)", in: folder)
            #expect(result.status == 0, "\(result.output)")
            let check = try Executable.run("check pack", in: folder)
            #expect(check.status == 0)
            #expect(check.output.contains(" 8 of 8 properties proved for every session\n"))
            #expect(check.output.split(separator: "\n").count == 1, "\(check.output)")
            #expect(try Executable.run("fmt --check pack", in: folder) == .init(status: 0, output: ""))
            #expect(try Executable.run("coverage pack", in: folder).status == 0)
            #expect(try Executable.run("prove pack", in: folder).status == 0)
            let extra = ["tests/vendor-example-vendor.yaml", "vendors/example-vendor.yaml"]
            let all = Self.files + (options.contains("--vendors yes") ? extra : [])
            #expect(try Self.files(in: "\(folder)/pack") == all.sorted())
        }
    }

    @Test func questionsAreAskedAgainUntilTheyAreAnswered() throws {
        try Executable.inFolder { folder throws in
            // Name, networks (no good, then good), and Enter for the rest.
            let input = "Boston\n10.20.0.1/16\n10.20.0.0/16\n" + String(repeating: "\n", count: 20)
            let result = try Executable.run("init pack", in: folder, input: input)
            #expect(result.status == 0)
            #expect(result.output.contains("'10.20.0.1/16' is no network: did you mean 10.20.0.0/16?\n"))
            #expect(result.output.contains("  [10.20.0.80:3128] "))
            #expect(try Executable.text("\(folder)/pack/policy.yaml").contains("systems of Boston\n"))
            #expect(try Executable.text("\(folder)/pack/systems.yaml").contains("addresses: [10.20.0.80]\n"))
        }
    }

    @Test(arguments: ["", "Boston\n", "Boston\n10.20.0.0/16\nlater\n"])
    func inputThatEndsWritesNothing(input: String) throws {
        try Executable.inFolder { folder throws in
            let result = try Executable.run("init pack", in: folder, input: input)
            #expect(result.status == 2)
            #expect(result.output.hasSuffix("gatehouse: the answers end here; nothing was written\n"))
            #expect(try Self.files(in: folder) == [])
        }
    }

    /// On a terminal, somebody who has seen enough presses Ctrl-C.
    @Test func interruptWritesNothing() throws {
        try Executable.inFolder { folder throws in
            let typed = try shell(
                """
                cd '\(folder)'; command -v script >/dev/null || { echo none; exit 0; }
                seen() { for i in $(seq 3000); do grep -qs "$1" log && return; sleep 0.1; done; }
                status=0
                { seen organisation; printf 'Boston\\n'; seen networks; printf '\\003'; } |
                    env --default-signal=INT script -qefc "'\(Executable.path)' init pack" log >/dev/null || status=$?
                echo "= $status"
                """)
            if typed == "none\n" { return }
            #expect(typed == "= 130\n")
            #expect(try Self.files(in: folder) == ["log"])
        }
    }

    @Test func nothingIsOverwritten() throws {
        try Executable.inFolder(["pack/notes.txt": "mine", "hidden/.git/config": "x"]) { folder throws in
            let result = try Executable.run("init pack --yes", in: folder)
            #expect(
                result
                    == .init(
                        status: 1,
                        output:
                            "gatehouse: pack: there is something in it already, such as 'notes.txt'; nothing was written\n"
                    ))
            #expect(try Self.files(in: "\(folder)/pack") == ["notes.txt"])
            #expect(try Executable.run("init hidden --yes", in: folder).status == 0)
            #expect(try Executable.run("init hidden --yes", in: folder).status == 1)
            let here = try Executable.run("init pack/notes.txt --yes", in: folder)
            #expect(here.status == 2)
        }
    }

    /// All of it or nothing: a folder that cannot be made takes back the files that were written before.
    @Test func whatCannotBeFinishedIsTakenBack() throws {
        try Executable.inFolder { folder throws in
            let files = ["a.yaml", "b/c.yaml", "d/e.yaml"].map { PackFile(path: $0, text: "a: b\n") }
            try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(folder)/d"))
            #expect(throws: FileNotWritten.self) { try NewFiles.write(files, in: folder) }
            #expect(try FileManager.default.subpathsOfDirectory(atPath: folder) == ["d"])
            try FileManager.default.removeItem(atPath: "\(folder)/d")
            try NewFiles.write(files, in: folder)
            #expect(throws: FileNotWritten.self) { try NewFiles.write(files, in: folder) }
            #expect(
                try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() == [
                    "a.yaml", "b", "b/c.yaml", "d", "d/e.yaml",
                ])
        }
    }

    @Test(arguments: [
        (
            "--networks everywhere",
            "--networks: expected networks such as 10.10.0.0/16 or fd10:10::/32, found 'everywhere'"
        ),
        ("--proxy 192.0.2.1:80", "--proxy: "), ("--code never", "--code: expected how long a code lasts"),
        ("--name \"$(printf 'a\\nb')\"", "--name: it has a line end or another control character in it"),
        ("--name \"$(head -c 65536 /dev/zero | tr '\\0' x)\"", "--name: it is longer than 256 bytes"),
        ("--vendors maybe", "--vendors: expected yes or no, found 'maybe'"),
    ])
    func optionsThatAreNoGood(options: String, complaint: String) throws {
        try Executable.inFolder { folder throws in
            let result = try Executable.run("init pack --yes \(options)", in: folder)
            #expect(result.status == 64)
            #expect(result.output.hasPrefix("gatehouse: \(complaint)"), "\(result.output)")
            #expect(try Self.files(in: folder) == [])
        }
    }

    /// The daemon takes the configuration that lies beside the pack.
    @Test func configurationIsGood() throws {
        try Executable.inFolder { folder throws in
            _ = try Executable.run("init 'a: b #c' --yes", in: folder)
            let (configuration, diagnostics) = try DaemonConfiguration.read(
                "\(folder)/a: b #c/gatehouse.yaml.example")
            #expect(DiagnosticRenderer.text(diagnostics) == "")
            #expect(configuration?.rules.hasSuffix("/a: b #c") == true)
        }
    }
}
