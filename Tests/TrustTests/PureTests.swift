import Certificates
import Evidence
import Sessions
import TestSupport
import Testing

@testable import Trust

@Suite struct ResponderAddressTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let url: String
        let meant: String?
        init(_ url: String, _ meant: String?) { (self.url, self.meant) = (url, meant) }
        var testDescription: String { url }
    }

    @Test(arguments: [
        Case("http://ocsp.example.test", "ocsp.example.test 80 / ocsp.example.test"),
        Case("HTTP://ocsp.example.test/a?b=c", "ocsp.example.test 80 /a?b=c ocsp.example.test"),
        Case("http://10.0.0.1:8080/x", "10.0.0.1 8080 /x 10.0.0.1:8080"),
        Case("http://[fd00::1]:81", "fd00::1 81 / [fd00::1]:81"),
        Case("http://host?x", "host 80 /?x host"),
        Case("https://host/", nil),  // signed anyway
        Case("ftp://host/", nil),
        Case("http:host", nil),
        Case("http:///x", nil),  // no host
        Case("http://a@host/", nil),  // a user name would be sent in the clear
        Case("http://host:0/", nil),
        Case("http://host:65536/", nil),
        Case("http://host:+80/", nil),
        Case("http://host/ x", nil),  // a space ends the request line's path
        Case("http://host/\r\nX: y", nil),
        Case("http://[fd00::1", nil),
        Case("http://[fd00::1]x", nil),
    ])
    func urls(_ row: Case) {
        let found = try? ResponderAddress(row.url)
        #expect(found.map { "\($0.host) \($0.port) \($0.path) \($0.authority)" } == row.meant)
    }
}

@Suite struct HTTPAnswerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let meant: String?
        init(_ text: String, _ meant: String?) { (self.text, self.meant) = (text, meant) }
        var testDescription: String { text }
    }

    /// Status and body, or nil for a complaint, when the bytes come in pieces of `size` and the server then closes.
    private static func read(_ bytes: [UInt8], size: Int) -> String? {
        var answer = HTTPAnswer(maximumBody: 10)
        do {
            for start in stride(from: 0, to: bytes.count, by: size) {
                try answer.receive(bytes[start..<min(start + size, bytes.count)])
            }
            try answer.end()
            return "\(answer.status) \(String(decoding: answer.body, as: UTF8.self))"
        } catch {
            return nil
        }
    }

    @Test(arguments: [
        Case("HTTP/1.0 200 OK\r\n\r\nabc", "200 abc"),  // until the end
        Case("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", "200 abc"),
        Case("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", nil),
        Case("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", nil),  // more than is read
        Case("HTTP/1.0 200 OK\r\n\r\nabcdefghijk", nil),
        Case("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "200 x"),
        Case(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nab\r\n1\r\nc\r\n0\r\nT: u\r\n\r\n",
            "200 abc"),
        Case(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabcdefghi\r\n9\r\nabcdefghi\r\n", nil),
        Case("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", nil),
        Case("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-0\r\n\r\n", nil),
        Case("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", nil),
        Case("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", nil),
        Case("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "503 "),
        Case("HTTP/1.1 204 None\r\n\r\n", "204 "),
        Case("SSH-2.0-x\r\n", nil),
        Case("", nil),
        Case("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", nil),
    ])
    func answers(_ row: Case) {
        for size in [1, 2, 7, 1000] { #expect(Self.read(Array(row.text.utf8), size: size) == row.meant) }
    }

    @Test func aHeadWithoutEndIsRefused() throws {
        var answer = HTTPAnswer(maximumBody: 10)
        #expect(throws: HTTPAnswer.Problem.self) {
            for _ in 0..<2000 { try answer.receive(Array("X: yyyyyyyyyyyyy\r\n".utf8)) }
        }
        var silent = HTTPAnswer(maximumBody: 10)
        #expect(throws: HTTPAnswer.Problem.self) { try silent.receive([UInt8](repeating: 65, count: 20_000)) }
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func mutatedAnswersNeverCrash(seed: UInt64) {
        var random = Seeded(seed)
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
        for _ in 0..<5000 {
            var bytes = Array(text.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            _ = Self.read(bytes, size: Int.random(in: 1...40, using: &random))
        }
    }
}

@Suite struct SerialTextTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let meant: [[UInt8]]
        init(_ text: String, _ meant: [[UInt8]]) { (self.text, self.meant) = (text, meant) }
        var testDescription: String { text }
    }

    @Test(arguments: [
        Case("40:5e", [[0x40, 0x5e], [0xbf, 0xa2]]),  // OpenVPN's form
        Case("405E", [[0x40, 0x5e], [0xbf, 0xa2]]),
        Case("8a:01", [[0, 0x8a, 1], [0xff, 0x75, 0xff]]),
        Case("80", [[0, 0x80], [0x80]]),
        Case("0001", [[1], [0xff]]),
        Case("1", [[1], [0xff]]),
        Case("00", [[0]]),
        Case("01:00", [[1, 0], [0xff, 0]]),
        Case("", []),
        Case("xy", []),
        Case("١", []),  // a digit, and not of this alphabet
        Case(String(repeating: "1", count: 200), []),
    ])
    func serials(_ row: Case) { #expect(SerialText.candidates(row.text) == row.meant) }
}

@Suite struct TwoGenerationsTests {
    /// The model: all that were ever put, with the time of the last use.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func againstAModel(seed: UInt64) {
        var random = Seeded(seed)
        let capacity = Int.random(in: 2...40, using: &random)
        var table = TwoGenerations<Int, Int>(count: capacity, totalCost: 10_000, cost: { _ in 1 })
        var uses: [Int: (value: Int, step: Int)] = [:]
        var distinct: [Int] = []
        for step in 0..<20_000 {
            let key = Int.random(in: 0..<60, using: &random)
            if Bool.random(using: &random) {
                table.put(step, for: key)
                uses[key] = (step, step)
            } else if let value = table.value(for: key) {
                #expect(value == uses[key]?.value)
                uses[key]?.step = step
            }
            distinct.removeAll { $0 == key }
            if table.contains(key) { distinct.append(key) }
            #expect(table.count <= capacity + 1)
            // What was used among the last half of the bound is there.
            for recent in distinct.suffix(capacity / 2) { #expect(table.contains(recent)) }
        }
    }

    @Test func aFloodPushesOutOnlyWhatWaits() throws {
        var handed = HandedCertificates(
            limits: .init(waiting: 100, waitingBytes: 1 << 20, kept: 1000, keptBytes: 1 << 20))
        func digest(_ number: Int) -> CertificateDigest {
            CertificateDigest(
                ofCertificate: [UInt8](repeating: UInt8(number & 0xff), count: 3) + "\(number)".utf8)
        }
        for live in 0..<400 {
            handed.insert([1], digest: digest(live))
            #expect(handed.ask(for: digest(live)) == [1])
        }
        for number in 1000..<200_000 { handed.insert([2], digest: digest(number)) }
        for live in 0..<400 { #expect(handed.peek(digest(live)) == [1]) }
        // A login has until half the bound has been handed over after it.
        handed.insert([3], digest: digest(500))
        for number in 300_000..<300_049 { handed.insert([2], digest: digest(number)) }
        #expect(handed.ask(for: digest(500)) == [3])
        #expect(handed.counts.waiting <= 101)
    }

    @Test func aFloodOfBytesIsBounded() {
        var handed = HandedCertificates(
            limits: .init(waiting: 1000, waitingBytes: 10_000, kept: 10, keptBytes: 100))
        for number in 0..<1000 {
            handed.insert(
                [UInt8](repeating: 0, count: 1000), digest: CertificateDigest(ofCertificate: "\(number)".utf8)
            )
        }
        #expect(handed.counts.waiting <= 10)
    }
}
