import Testing

@testable import SharedSignals

/// The messages of RFC 8936, with its own examples.
@Suite struct PollTests {
    /// Section 2.5.1, figure 2 and 2.4, figure 5, and what there is beside.
    @Test func requestsAreThoseOfTheStandard() {
        var request = PollRequest(maximum: 10, returnsImmediately: true)
        #expect(
            request.json == #"{"ack":[],"setErrs":{},"maxEvents":10,"returnImmediately":true}"#)
        request.acknowledged = ["4d3559ec67504aaba65d40b0363faad8", "a\"b\\c\u{1}"]
        request.refused = ["3d0c3cf797584bd193bd0fb1bd4e7d30": .wrongAudience]
        request.returnsImmediately = false
        #expect(
            request.json == #"{"ack":["4d3559ec67504aaba65d40b0363faad8","a\"b\\c\u0001"],"setErrs":"#
                + #"{"3d0c3cf797584bd193bd0fb1bd4e7d30":{"err":"invalid_audience","description":"#
                + #""the token is for another audience"}},"maxEvents":10,"returnImmediately":false}"#)
    }

    @Test func answersAreRead() throws {
        let answer = try #require(
            PollAnswer(
                Array(#"{"sets":{"one":"a.b.c","two":"d.e.f"},"moreAvailable":true}"#.utf8)))
        #expect(answer.tokens.map(\.id) == ["one", "two"])
        #expect(answer.tokens.map { String(decoding: $0.token, as: UTF8.self) } == ["a.b.c", "d.e.f"])
        #expect(answer.hasMore)
        // Section 2.3: no events, and nothing more said.
        let none = try #require(PollAnswer(Array(#"{"sets":{}}"#.utf8)))
        #expect(none.tokens.isEmpty && !none.hasMore)
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"sets":[]}"#, #"{"sets":{"a":1}}"#, #"{"sets":{"":"a.b.c"}}"#,
        #"{"sets":{"a":"b","a":"c"}}"#, #"{"sets":{"a":"b"}"#, #"{"sets":{"a\nb":"c"}}"#,
    ])
    func badAnswersAreNotRead(_ text: String) { #expect(PollAnswer(Array(text.utf8)) == nil) }
}
