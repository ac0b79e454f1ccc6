import Foundation
import Testing

/// `gatehouse schema`, as a shell runs it.
struct SchemaCommandTests {
    @Test func listsPrintsAndWrites() throws {
        try Executable.inFolder { folder in
            let list = try Executable.run("schema", in: folder)
            #expect(list.status == 0)
            #expect(list.output.contains("policy       policy.yaml\n"))
            #expect(list.output.contains("vendor       vendors/*.yaml\n"))

            let one = try Executable.run("schema loans", in: folder)
            #expect(one.status == 0)
            #expect(
                one.output.hasPrefix("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"))

            // Again, over what is there.
            for _ in 0..<2 {
                #expect(
                    try Executable.run("schema --output new/schemas", in: folder)
                        == .init(status: 0, output: ""))
            }
            #expect(try Executable.text("\(folder)/new/schemas/loans.json") == one.output)
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/new/schemas")
            #expect(files.count == list.output.split(separator: "\n").count)

            #expect(try Executable.run("schema loan", in: folder).status == 64)
            #expect(try Executable.run("schema --output /dev/null/x", in: folder).status == 2)
        }
    }
}
