import Evidence
import Sessions
import Testing

/// Versions that clients have, and how they compare.
struct ClientClaimsTests {
    @Test(arguments: [
        ("2.6", "2.6.0", 0), ("2.6.0.0", "2.6", 0), ("2.06", "2.6", 0), ("0", "0.0", 0), ("2.6.1", "2.6", 1),
        ("2.10", "2.9", 1), ("10", "9.9.9", 1), ("2.6", "2.6.0.1", -1), ("0.9", "1", -1),
        ("999999999", "999999998.999999999", 1), ("1.2.3.4.5.6.7.8", "1.2.3.4.5.6.7.9", -1),
    ])
    func versionsCompareByTheirNumbers(left: String, right: String, order: Int) throws {
        let (left, right) = (try #require(ClientVersion(left)), try #require(ClientVersion(right)))
        #expect((left < right) == (order < 0) && (right < left) == (order > 0))
        #expect((left == right) == (order == 0) && (order != 0 || left.hashValue == right.hashValue))
    }

    @Test(arguments: [
        "", ".", "2.", ".6", "2..6", "2.6 ", " 2.6", "v2.6", "2.6_rc1", "2.6-1", "2.6a", "-1", "+2", "2,6",
        "٢.٦",
        "3.git::d3f8b18b:Release", "1.2.3.4.5.6.7.8.9", "1234567890", "2.6\0",
    ])
    func whatIsNotNumbersAndDotsIsNoVersion(text: String) {
        #expect(ClientVersion(text) == nil)
    }

    @Test func versionsStayAsTheyWereWritten() {
        #expect(ClientVersion("2.06.0")?.description == "2.06.0")
    }

    @Test(
        arguments: [("0", false), ("1", true), ("", nil), ("2", nil), ("00", nil), (nil, nil)]
            as [(String?, Bool?)])
    func onlyZeroAndOneSayWhetherTheTunnelIsSplit(text: String?, expected: Bool?) {
        let claims = NamedTexts(text.map { ["UV_SPLIT_TUNNEL": $0] } ?? [:])
        #expect(claims.splitsTunnel == expected)
    }
}
