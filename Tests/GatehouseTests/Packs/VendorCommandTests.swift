import Foundation
import Testing

struct VendorCommandTests {
    private static let civica =
        "vendor add Civica --pack pack --reference C-2291 --until 2027-03-31 --from 2026-04-01 --sponsor head.of.revenues "
        + "--organisation 'Civica UK' --system intranet"

    /// A contract of this year and the next, whenever this is run.
    private static var vendor: String {
        let year = Calendar(identifier: .gregorian).component(.year, from: Date())
        return civica.replacing("2026-04-01", with: "\(year)-01-01").replacing(
            "2027-03-31", with: "\(year + 1)-12-31")
    }

    private static func inPack(_ body: (String) throws -> Void) throws {
        try Executable.inFolder { folder throws in
            #expect(try Executable.run("init pack --yes --vendors yes", in: folder).status == 0)
            try body(folder)
        }
    }

    @Test func vendorIsAddedAndTested() throws {
        try Self.inPack { folder throws in
            let result = try Executable.run(Self.vendor, in: folder)
            #expect(
                result
                    == .init(status: 0, output: "pack/vendors/civica.yaml\npack/tests/vendor-civica.yaml\n"))
            let check = try Executable.run("check pack", in: folder)
            #expect(check.status == 0)
            #expect(
                check.output.contains(
                    "7 classes, 3 systems, 2 devices; 26 of 26 tests passed; 8 of 8 properties"))
            #expect(check.output.split(separator: "\n").count == 1)
            #expect(try Executable.run("fmt --check pack", in: folder) == .init(status: 0, output: ""))
            let coverage = try Executable.run("coverage pack", in: folder)
            #expect(coverage.status == 0)
            #expect(!coverage.output.contains("Civica"), "nothing of it is untried")
            let text = try Executable.text("\(folder)/pack/vendors/civica.yaml")
            // As the example, which is the pack's other vendor.
            #expect(text.contains("\ncites: [third-parties]\n"))
            #expect(text.contains("zone: Europe/London"))
            // The example can go, now that there is a real one.
            for path in ["vendors/example-vendor.yaml", "tests/vendor-example-vendor.yaml"] {
                try FileManager.default.removeItem(atPath: "\(folder)/pack/\(path)")
            }
            #expect(try Executable.run("check pack", in: folder).status == 0)
            #expect(try Executable.run("coverage pack", in: folder).status == 0)
        }
    }

    /// A contract that is nearly over, and a tenant's or an approver's say that it takes, are worth a word.
    @Test func whatIsWorthKnowingIsSaid() throws {
        try Self.inPack { folder throws in
            let systems = "\(folder)/pack/systems.yaml"
            var text = try Executable.text(systems)
            text = text.replacing(
                "systems:\n", with: "labels:\n  ours: { remote: with-approval }\nsystems:\n")
            text += "\n  ledger:\n    addresses: [10.10.0.21]\n    services: [tcp/443]\n    label: ours\n"
            text += "    needs: { country: GB }\n"
            try Data(text.utf8).write(to: URL(fileURLWithPath: systems))
            let date = Date().addingTimeInterval(8 * 86_400).formatted(.iso8601.year().month().day())
            let result = try Executable.run("\(Self.vendor) --until \(date) --system ledger", in: folder)
            #expect(result.status == 0, "\(result.output)")
            #expect(
                result.output.contains("note: system 'ledger' is not reached by itself: it needs country"))
            #expect(result.output.contains("warning: the contract of 'Civica' ends within"))
        }
    }

    @Test func dryRunPrintsWhatWouldBeWritten() throws {
        try Self.inPack { folder throws in
            let before = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
            let printed = try Executable.run(Self.vendor + " --dry-run", in: folder)
            #expect(printed.status == 0)
            #expect(try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() == before)
            _ = try Executable.run(Self.vendor, in: folder)
            for path in ["vendors/civica.yaml", "tests/vendor-civica.yaml"] {
                #expect(
                    printed.output.contains("# \(path)\n\(try Executable.text("\(folder)/pack/\(path)"))"))
            }
        }
    }

    /// Whatever is wrong, one clear sentence, and no file.
    @Test(arguments: [
        ("--system intrant", 1, "the pack knows no system 'intrant': did you mean 'intranet'?"),
        ("--until 2020-01-01", 1, "the contract would end on 2020-01-01, before it begins on "),
        ("--from 2020-01-01 --until 2020-12-31", 1, "the contract ended on 2020-12-31"),
        (
            "--authority elsewhere", 1,
            "the pack knows no authority 'elsewhere'; there are corporate, third-party"
        ),
        ("--cites nothing", 1, "the pack knows no clause 'nothing'"),
        (
            "--zone Europe/Lodnon", 1,
            "the pack knows no time zone 'Europe/Lodnon': did you mean 'Europe/London'?"
        ),
        ("--mfa never", 1, "expected how long a code lasts"),
        ("--slug example-vendor", 1, "vendors/example-vendor.yaml is there already"),
        ("--organisation 'Example Vendor Ltd'", 1, "then the test 'Example Vendor: in its hours' "),
        (
            "--sponsor \"$(printf 'a\\nb')\"", 1,
            "the sponsor has a line end or another control character in it"
        ),
        (
            "--reference \"$(head -c 65536 /dev/zero | tr '\\0' x)\"", 1,
            "the reference is longer than 256 bytes"
        ),
        ("--system proxy", 1, "with this vendor the pack would not be loaded"),
        ("--pack nowhere", 2, "nowhere: no such directory"),
    ])
    func refused(options: String, status: Int, complaint: String) throws {
        try Self.inPack { folder throws in
            let before = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
            // Given again, an option takes the place of the first; a system is added to the others.
            let result = try Executable.run("\(Self.vendor) \(options)", in: folder)
            #expect(result.status == status, "\(result.output)")
            #expect(result.output.contains(": \(complaint)"), "\(result.output)")
            #expect(result.output.contains("nothing was written") || status == 2)
            #expect(try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() == before)
        }
    }

    @Test func secondTimeIsRefused() throws {
        try Self.inPack { folder throws in
            _ = try Executable.run(Self.vendor, in: folder)
            let again = try Executable.run(Self.vendor, in: folder)
            #expect(
                again
                    == .init(
                        status: 1,
                        output:
                            "gatehouse: nothing was written: 'Civica' has a file already: vendors/civica.yaml\n"
                    ))
        }
    }

    @Test(arguments: [
        "--until tomorrow", "--hours always", "--hours any --days mon", "--slug ../up", "--until",
    ])
    func optionsThatAreNoGood(options: String) throws {
        try Self.inPack { folder throws in
            #expect(try Executable.run("\(Self.vendor) \(options)", in: folder).status == 64)
        }
    }

    @Test func packWithMistakesIsLeftAlone() throws {
        try Self.inPack { folder throws in
            try Data("systems: []\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/pack/systems.yaml"))
            let result = try Executable.run(Self.vendor, in: folder)
            #expect(result.status == 1)
            #expect(result.output.contains("gatehouse: the pack has mistakes without this vendor"))
        }
    }
}
