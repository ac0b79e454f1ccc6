import Capture
import Figures
import Glibc
import Harness
import Rivals
import Workload

/// A pcap file of a million frames of 64 bytes, in the page cache: ours, libpcap's two loops, and tcpdump.
enum CapturePart {
    private static let frames = 1_000_000
    private static let frameLength = 64

    static func run(_ options: Options, _ report: Report) throws {
        let path = options.scratch + "/frames.pcap"
        write(path)
        defer { unlink(path) }
        var contestants = [
            Contestant(name: "gatehouse") { _ in
                do {
                    let pass = try CapturePass(path: path)
                    check("gatehouse", pass.frames, pass.octets)
                    bench_keep(UInt64(pass.firstBytes))
                } catch {
                    fail("\(error)")
                }
            }
        ]
        let rivals: [(String, (UnsafePointer<CChar>) -> rival_capture)] = [
            ("pcap_loop", rival_pcap_loop), ("pcap_next_ex", rival_pcap_next),
        ]
        for (name, read) in rivals {
            guard path.withCString(read).frames != 0 else {
                report.missing(
                    part: "capture", name: name, family: "v4", sessions: 0, why: "pkg-config finds no libpcap"
                )
                continue
            }
            contestants.append(
                Contestant(name: name) { _ in
                    let found = path.withCString(read)
                    check(name, Int(found.frames), Int(found.octets))
                })
        }
        let results = race(contestants, rounds: min(options.rounds, 15), operations: frames)
        report.add(results, part: "capture", family: "v4", sessions: 0, baseline: "pcap_loop")
        if let loop = results.first(where: { $0.name == "pcap_loop" }) {
            report.bound("capture-over-pcap_loop", results[0].speed(against: loop), .atLeast, 4)
        }
        runTcpdump(path, results[0], report)
    }

    private static func check(_ name: String, _ count: Int, _ octets: Int) {
        if count != frames || octets != frames * frameLength {
            fail("\(name) found \(count) frames of \(octets) bytes")
        }
    }

    /// As a process: it writes what it reads to /dev/null, and its start is in the time.
    private static func runTcpdump(_ path: String, _ ours: Samples, _ report: Report) {
        var samples = Samples(name: "tcpdump -r FILE -w /dev/null")
        for _ in 0..<5 {
            let start = bench_wall_nanoseconds()
            guard system("tcpdump -r '\(path)' -w /dev/null 2>/dev/null") == 0 else { break }
            samples.nanoseconds.append(Double(bench_wall_nanoseconds() - start) / Double(frames))
        }
        guard !samples.nanoseconds.isEmpty else {
            return report.missing(
                part: "capture", name: samples.name, family: "v4", sessions: 0, why: "there is no tcpdump")
        }
        report.add(
            Row(
                part: "capture", name: samples.name, family: "v4", sessions: 0, readers: 1,
                best: samples.best,
                median: samples.median, ratio: samples.median / ours.median, against: "gatehouse's time"))
    }

    private static func write(_ path: String) {
        guard let file = fopen(path, "w") else { fail("cannot write \(path)") }
        // The magic number, version 2.4, no zone, the longest frame, Ethernet.
        var words: [UInt32] = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, 1]
        var random = Random(23)
        for number in 0..<frames {
            words += [UInt32(number / 1000), UInt32(number % 1000), UInt32(frameLength), UInt32(frameLength)]
            for _ in 0..<frameLength / 8 {
                let word = random.next()
                words += [UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32)]
            }
        }
        if words.withUnsafeBytes({ fwrite($0.baseAddress, 1, $0.count, file) }) != words.count * 4 {
            fail("cannot write \(path)")
        }
        fclose(file)
    }
}
