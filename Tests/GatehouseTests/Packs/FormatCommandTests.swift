import Foundation
import TestSupport
import Testing

struct FormatCommandTests {
    private static let odd = "classes:\n- name:   a\n  access: none   # nothing\n"
    private static let formatted = "classes:\n  - name: a\n    access: none  # nothing\n"

    @Test func formatsAFolder() throws {
        try Executable.inFolder([
            "policy.yaml": Self.odd, "tests/a.yaml": Self.formatted, "users.csv": "a, b\n",
        ]) { folder throws in
            let result = try Executable.run("fmt .", in: folder)
            #expect(result == .init(status: 0, output: "./policy.yaml\n"))
            #expect(try Executable.text("\(folder)/policy.yaml") == Self.formatted)
            #expect(try Executable.text("\(folder)/users.csv") == "a, b\n")
            #expect(try Executable.run("fmt .", in: folder) == .init(status: 0, output: ""))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
                    "policy.yaml", "tests", "users.csv",
                ])
        }
    }

    @Test func checkAndDiffChangeNothing() throws {
        try Executable.inFolder(["policy.yaml": Self.odd, "b.yaml": Self.formatted]) { folder throws in
            #expect(
                try Executable.run("fmt --check policy.yaml b.yaml", in: folder)
                    == .init(status: 1, output: "policy.yaml\n"))
            #expect(try Executable.run("fmt --check b.yaml", in: folder) == .init(status: 0, output: ""))
            let difference = """
                --- policy.yaml
                +++ policy.yaml
                @@ -1,3 +1,3 @@
                 classes:
                -- name:   a
                -  access: none   # nothing
                +  - name: a
                +    access: none  # nothing

                """
            #expect(
                try Executable.run("fmt --diff policy.yaml b.yaml", in: folder)
                    == .init(status: 0, output: difference))
            #expect(
                try Executable.run("fmt --diff --check policy.yaml", in: folder)
                    == .init(status: 1, output: difference))
            #expect(try Executable.text("\(folder)/policy.yaml") == Self.odd)
        }
    }

    /// What `--diff` prints is what `patch` takes.
    @Test func differenceIsAPatch() throws {
        let old = (0..<60).map { $0 % 9 == 4 ? "k\($0):   1\n" : "k\($0): 1\n" }.joined()
        try Executable.inFolder(["a.yaml": "\n" + old, "b.yaml": "\n" + old]) { folder throws in
            let difference = try Executable.run("fmt --diff a.yaml", in: folder).output
            #expect(difference.split(separator: "\n").count { $0.hasPrefix("@@") } == 7)
            _ = try Executable.run("fmt a.yaml", in: folder)
            try shell(
                "cd '\(folder)'; command -v patch >/dev/null || exit 0; patch -s b.yaml; cmp a.yaml b.yaml",
                input: difference)
        }
    }

    @Test func mistakesAreLeftAlone() throws {
        let wrong = "a: [\n"
        try Executable.inFolder(["policy.yaml": wrong, "b.yaml": Self.odd, "c.yaml": "? a\n: b\n"]) {
            folder throws in
            let result = try Executable.run("fmt policy.yaml c.yaml b.yaml", in: folder)
            #expect(result.status == 1)
            #expect(result.output.contains("policy.yaml:2:1: error: not valid YAML"))
            #expect(
                result.output.contains(
                    "c.yaml:1:1: left as it is: keys with a question mark are not known here"))
            #expect(result.output.contains("b.yaml\n"))
            #expect(try Executable.text("\(folder)/policy.yaml") == wrong)
            #expect(try Executable.text("\(folder)/b.yaml") == Self.formatted)
        }
    }

    @Test func modesAndLinksStay() throws {
        try Executable.inFolder(["real/a.yaml": Self.odd]) { folder throws in
            try shell(
                "cd '\(folder)'; chmod 640 real/a.yaml; ln -s real/a.yaml link.yaml; ln real/a.yaml hard.yaml"
            )
            #expect(
                try Executable.run("fmt link.yaml", in: folder) == .init(status: 0, output: "link.yaml\n"))
            #expect(
                try shell("cd '\(folder)'; stat -c %a real/a.yaml; readlink link.yaml")
                    == "640\nreal/a.yaml\n")
            #expect(try Executable.text("\(folder)/real/a.yaml") == Self.formatted)
            #expect(
                try Executable.text("\(folder)/hard.yaml") == Self.odd,
                "a new file took the place of the old one")
        }
    }

    @Test func standardInput() throws {
        try Executable.inFolder { folder throws in
            #expect(
                try Executable.run("fmt -", in: folder, input: Self.odd)
                    == .init(status: 0, output: Self.formatted))
            #expect(
                try Executable.run("fmt --check -", in: folder, input: Self.odd)
                    == .init(status: 1, output: "-\n"))
        }
    }

    @Test(arguments: ["fmt nowhere", "fmt empty"]) func unreadable(words: String) throws {
        try Executable.inFolder(["empty/a.txt": ""]) { folder throws in
            let result = try Executable.run(words, in: folder)
            #expect(result.status == 2)
            #expect(result.output.hasPrefix("gatehouse: "))
        }
    }
}
