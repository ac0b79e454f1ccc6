import Audit
import Sessions
import TestSupport
import Testing

/// Whatever is done to a file, the verifier names the first line that is not as it was.
@Suite struct ChainTests {
    /// Two files of three records each.
    private let files = Files([3, 3])

    @Test func aWholeRecordIsWhole() {
        #expect(files.verify() == nil)
        #expect(files.verify(known: files.head) == nil)
        #expect(files.verify(known: Files([3]).head) == nil, "it may have grown since it was known")
        #expect(Files([]).verify(known: .empty) == nil)
    }

    /// One bit of each byte, and each byte made a line feed.
    @Test func findsEveryEditedByte() {
        for file in 0..<2 {
            var line = 1
            for index in files.all[file].bytes.indices {
                let original = files.all[file].bytes[index]
                for byte in [original ^ 1, original ^ 0x20, 0x0A, 0] where byte != original {
                    var changed = files
                    changed.all[file].bytes[index] = byte
                    let broken = changed.verify()
                    #expect(broken?.line == line && broken?.file == files.all[file].name)
                }
                if original == 0x0A { line += 1 }
            }
        }
    }

    @Test func findsEveryMissingAddedAndRepeatedLine() {
        for file in 0..<2 {
            let lines = files.lines(of: file)
            for index in lines.indices {
                var changed = files
                var left = lines
                left.remove(at: index)
                changed.set(left, of: file)
                let broken = changed.verify(known: files.head)
                // The last line of all is missing behind the one before it.
                let isLast = file == 1 && index == lines.count - 1
                // The last of the first file is missing before the first line of the next.
                let isLastOfFirst = file == 0 && index == lines.count - 1
                #expect(broken?.line == (isLast ? index : isLastOfFirst ? 1 : index + 1))
                #expect(broken?.file == files.all[isLastOfFirst ? 1 : file].name)

                var twice = lines
                twice.insert(lines[index], at: index)
                changed.set(twice, of: file)
                #expect(changed.verify()?.line == index + 2)

                var added = lines
                added.insert(Array("{}\n".utf8), at: index)
                changed.set(added, of: file)
                #expect(changed.verify()?.line == index + 1)
            }
        }
    }

    @Test func findsEveryPairOfSwappedLines() {
        for file in 0..<2 {
            let lines = files.lines(of: file)
            for first in lines.indices {
                for second in lines.indices where first < second {
                    var swapped = lines
                    swapped.swapAt(first, second)
                    var changed = files
                    changed.set(swapped, of: file)
                    #expect(changed.verify()?.line == first + 1)
                }
            }
        }
    }

    @Test func findsEveryTruncation() {
        for file in 0..<2 {
            let bytes = files.all[file].bytes
            for count in bytes.indices {
                var changed = files
                changed.all[file].bytes = Array(bytes[..<count])
                let broken = changed.verify(known: files.head)
                let whole = bytes[..<count].count { $0 == 0x0A }
                let isBetweenLines = count == 0 || bytes[count - 1] == 0x0A
                if isBetweenLines, count > 0 {
                    // Nothing in the file shows it: the next file does, or what is known of the end.
                    #expect(broken?.line == (file == 0 ? 1 : whole))
                } else {
                    #expect(broken?.line == whole + 1)
                }
                #expect(broken != nil)
            }
        }
    }

    @Test func findsMissingAndMisplacedFiles() {
        var changed = files
        changed.all.remove(at: 0)
        #expect(changed.verify()?.problem == .missing(from: 1, through: 3))
        changed = files
        changed.all.remove(at: 1)
        #expect(changed.verify(known: files.head)?.problem == .endMissing(from: 4, through: 6))
        changed = files
        changed.all.swapAt(0, 1)
        #expect(changed.verify() != nil)
        changed = files
        changed.all[0].number = 2
        #expect(changed.verify()?.problem == .wrongName(found: 1))
        changed.all = []
        #expect(changed.verify(known: files.head)?.problem == .endMissing(from: 1, through: 6))
    }

    /// A record that was made anew as a whole holds together; only what is known of it tells.
    @Test func findsAnotherRecordInItsPlace() {
        let forged = Files([3, 3]) { Samples.entry($0 + 1) }
        #expect(forged.verify() == nil)
        #expect(forged.verify(known: files.head)?.problem == .notTheKnown(number: 6))
        var mixed = files
        mixed.all[1] = Files([3, 3]) { Samples.entry($0 + 100) }.all[1]
        #expect(mixed.verify()?.problem == .otherBefore(number: 3))
    }

    @Test func halfALineAtTheEndIsNoBreakWhileSomebodyWrites() {
        var changed = files
        changed.all[1].bytes.removeLast(10)
        #expect(changed.verify(isGrowing: true) == nil)
        #expect(
            changed.verify(known: files.head, isGrowing: true)?.problem == .endMissing(from: 6, through: 6))
        changed = files
        changed.all[0].bytes.removeLast(10)
        #expect(changed.verify(isGrowing: true)?.problem == .cutShort)
    }

    /// Old files may go when a record says so, and no others.
    @Test func retiredFilesAreNotMissed() {
        let old = Files([3])
        let retired = { (through: UInt64, digest: String) in
            Files([3], after: old.head) { number in
                guard number == 5 else { return Samples.entry(number) }
                var entry = AuditEntry(.retired, at: .seconds(number))
                entry[number: .through] = through
                entry[.digest] = digest
                return entry
            }
        }
        let hash = old.head.hash.description
        #expect(retired(3, hash).verify() == nil)
        #expect(retired(4, hash).verify() == nil, "the gateway died before it let go of all of them")
        #expect(retired(2, hash).verify()?.problem == .missing(from: 1, through: 3))
        let other = Files([3]) { Samples.entry($0 + 9) }.head.hash.description
        #expect(retired(3, other).verify()?.problem == .missing(from: 1, through: 3))
        #expect(retired(3, hash).verify(known: Files([1]).head) == nil, "known long ago, and let go of since")
    }

    @Test func saysWhere() {
        var changed = files
        changed.all[1].bytes[700] ^= 1
        let broken = changed.verify()
        let offset = files.lines(of: 1)[0].count + files.lines(of: 1)[1].count
        #expect(broken?.offset == (700 < offset ? files.lines(of: 1)[0].count : offset))
        #expect(broken?.description.hasPrefix("audit-4:") == true)
    }

    /// Files made of pieces of lines, by lot: never a crash, and whole only when it is the record itself.
    @Test(arguments: 0..<200) func survivesAnything(randomSeed: Int) {
        var random = Seeded(UInt64(randomSeed))
        var changed = files
        for file in 0..<2 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let from = Int.random(in: 0..<files.all[file].bytes.count, using: &random)
                let count = Int.random(in: 0...300, using: &random)
                bytes += files.all[file].bytes[from...].prefix(count)
            }
            changed.all[file].bytes = bytes
        }
        #expect(changed.verify() != nil, "random seed \(randomSeed)")
    }
}
