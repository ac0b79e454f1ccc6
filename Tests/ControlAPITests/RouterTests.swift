import ControlAPI
import Testing

/// What is decided by a request's head alone.
@Suite struct RouterTests {
    static let operations = [
        ControlOperation(
            "look", .get, "/v1/thing", .viewer, "", arguments: schema("text", "number", "flag"),
            result: .anything),
        ControlOperation("do", .post, "/v1/thing", .operator, "", arguments: schema(), result: .anything),
        ControlOperation("rule", .put, "/v1/rule", .policyAdmin, "", arguments: schema(), result: .anything),
    ]

    private static func schema(_ keys: String...) -> Schema {
        let kinds: [String: Schema] = ["number": .integer(from: .min, through: .max), "flag": .boolean]
        return .object(
            .init(
                name: "A",
                properties: keys.map {
                    .init(key: $0, schema: kinds[$0] ?? .string(TextRule()), isRequired: false)
                }))
    }

    /// Every role against every operation.
    @Test(arguments: Role.allCases, operations)
    func rolesAreOrdered(role: Role, operation: ControlOperation) {
        let head = Router.Head(method: operation.method.rawValue, target: operation.path)
        do throws(Router.Refusal) {
            _ = try Router(Self.operations).admit(head, as: role, limit: 10)
            #expect(role >= operation.role)
        } catch {
            #expect(role < operation.role && error.failure.id == "forbidden")
        }
    }

    @Test(arguments: [
        ("text=a+b%2Bc%c3%bc&number=-7&flag=true", #"{"text":"a b+cü","number":-7,"flag":true}"#),
        ("", "{}"), ("&&text=", #"{"text":""}"#), ("text", #"{"text":""}"#), ("text=a=b", #"{"text":"a=b"}"#),
        // What is no number stays a text, which the check refuses with its place.
        ("number=+7", #"{"number":" 7"}"#), ("number=07", #"{"number":"07"}"#), ("flag=1", #"{"flag":"1"}"#),
        ("other=1", #"{"other":"1"}"#),
    ])
    func readsQueries(query: String, json: String) throws {
        let head = Router.Head(method: "GET", target: "/v1/thing?" + query)
        let admission = try Router(Self.operations).admit(head, as: .viewer, limit: 10)
        #expect(admission == .asked(Self.operations[0], try JSON(reading: Array(json.utf8))))
    }

    @Test(arguments: [
        (Router.Head(method: "GET", target: "/v1/thing", bodyBytes: 1), "bad-arguments"),
        (Router.Head(method: "GET", target: "/v1/thing", bodyBytes: .max), "bad-arguments"),
        (Router.Head(method: "GET", target: "/v1/thing?a=%zz"), "bad-arguments"),
        (Router.Head(method: "GET", target: "/v1/thing?a=1&a=2"), "bad-arguments"),
        (Router.Head(method: "GET", target: "/v1/thing?" + String(repeating: "a", count: 9000)), "too-long"),
        (Router.Head(method: "GET", target: "/v1//thing"), "unknown-path"),
        (Router.Head(method: "GET", target: "/v1/../v1/thing"), "unknown-path"),
        (Router.Head(method: "GET", target: "/v1/%74hing"), "unknown-path"),
        (Router.Head(method: "GET", target: "/V1/thing"), "unknown-version"),
        (Router.Head(method: "GET", target: "http://gatehouse/v1/thing"), "unknown-version"),
        (Router.Head(method: "get", target: "/v1/thing"), "method"),
        (Router.Head(method: "DELETE", target: "/v1/thing"), "method"),
        (Router.Head(method: "POST", target: "/v1/thing", bodyBytes: 2), "content-type"),
        (
            Router.Head(method: "POST", target: "/v1/thing", contentType: "text/json", bodyBytes: 2),
            "content-type"
        ),
        (
            Router.Head(method: "POST", target: "/v1/thing", contentType: "application/json", bodyBytes: 11),
            "too-long"
        ),
    ])
    func refuses(head: Router.Head, id: String) {
        let refusal = #expect(throws: Router.Refusal.self) {
            try Router(Self.operations).admit(head, as: .policyAdmin, limit: 10)
        }
        #expect(refusal?.failure.id == id)
        #expect(refusal?.allow == (id == "method" ? ["GET", "HEAD", "POST"] : []))
    }

    /// RFC 9110 section 9.1: whoever has GET has HEAD; nobody else has it.
    @Test(arguments: [("/v1/thing?flag=true", nil), ("/v1/rule", ["PUT"]), ("/v1/thing?a=%zz", [])])
    func takesHeadAsGet(target: String, allow: [String]?) throws {
        let router = Router(Self.operations)
        let head = Router.Head(method: "HEAD", target: target)
        guard let allow else {
            let get = Router.Head(method: "GET", target: target)
            #expect(
                try router.admit(head, as: .viewer, limit: 10) == router.admit(get, as: .viewer, limit: 10))
            return
        }
        let refusal = #expect(throws: Router.Refusal.self) {
            try router.admit(head, as: .policyAdmin, limit: 10)
        }
        #expect(refusal?.allow == allow)
    }

    @Test(arguments: ["application/json", "Application/JSON", " application/json ; charset=utf-8"])
    func takesJSON(type: String) throws {
        let head = Router.Head(method: "POST", target: "/v1/thing", contentType: type, bodyBytes: 10)
        #expect(
            try Router(Self.operations).admit(head, as: .operator, limit: 10) == .ordered(Self.operations[1]))
    }

    @Test func everyFailureHasAStatus() {
        #expect(ControlFailure.statuses.values.allSatisfy { (400..<600).contains($0) })
        #expect(ControlFailure.common.allSatisfy { ControlFailure.statuses[$0] != nil })
        #expect(ControlFailure(id: "of nobody's", message: "").status == 500)
        let failure = ControlFailure(id: "not-found", message: "no \"x\"")
        #expect(ControlFailure(problem: failure.problem) == failure)
    }

    @Test func groupsGiveTheHighestRole() {
        let groups = RoleGroups([.viewer: 1, .operator: 2, .policyAdmin: 2])
        #expect(groups.role(ofMemberOf: [1]) == .viewer && groups.role(ofMemberOf: [1, 2]) == .policyAdmin)
        #expect(groups.role(ofMemberOf: [3]) == nil && RoleGroups.none.role(ofMemberOf: [0, 1]) == nil)
    }
}
