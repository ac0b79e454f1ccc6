/// The table of operations as an OpenAPI 3.1 document.
package enum OpenAPIDocument {
    package static func of(_ operations: [ControlOperation]) -> JSON {
        var named: [String: JSON] = ["Problem": problem]
        var paths: [JSON.Member] = []
        for (path, rows) in Dictionary(grouping: operations, by: \.path).sorted(by: { $0.key < $1.key }) {
            let members = rows.map { row in
                JSON.Member(key: row.method.rawValue.lowercased(), value: entry(row, &named))
            }
            paths.append(.init(key: path, value: .object(members)))
        }
        let schemas = named.sorted { $0.key < $1.key }.map { JSON.Member(key: $0.key, value: $0.value) }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "gatehouse control API", "version": "1.0.0",
                "description": .string(description), "license": ["name": "as gatehouse"],
            ],
            "servers": [["url": "http://gatehouse", "description": "the control socket of the daemon"]],
            "paths": .object(paths), "components": ["schemas": .object(schemas)],
        ]
    }

    private static let description =
        "HTTP/1.1 over the daemon's Unix socket. Who asks is whom the kernel names, and the role comes with groups: "
        + "viewer, operator, policy-admin."

    private static let problem: JSON = [
        "type": "object", "description": "RFC 9457, with an id of the failure for programs.",
        "properties": [
            "type": ["type": "string"], "title": ["type": "string"],
            "status": ["type": "integer", "minimum": 400, "maximum": 599],
            "detail": ["type": "string", "description": "A sentence for people."],
            "id": ["type": "string", "description": "For programs."],
        ],
        "required": ["type", "title", "status", "detail", "id"],
    ]

    private static func entry(_ row: ControlOperation, _ named: inout [String: JSON]) -> JSON {
        var members: [JSON.Member] = [
            .init(key: "operationId", value: .string(row.id)),
            .init(key: "summary", value: .string(row.summary)),
            .init(key: "description", value: .string("Takes the role \(row.role.rawValue).")),
            .init(key: "x-gatehouse-role", value: .string(row.role.rawValue)),
        ]
        if row.method == .get {
            let parameters = row.fields.map { parameter($0, &named) }
            if !parameters.isEmpty { members.append(.init(key: "parameters", value: .array(parameters))) }
        } else {
            let body: JSON = [
                "required": .bool(row.needsBody),
                "content": ["application/json": ["schema": row.arguments.document(.request, &named)]],
            ]
            members.append(.init(key: "requestBody", value: body))
        }
        members.append(.init(key: "responses", value: responses(row, &named)))
        return .object(members)
    }

    private static func parameter(_ field: Schema.Property, _ named: inout [String: JSON]) -> JSON {
        var members: [JSON.Member] = [
            .init(key: "name", value: .string(field.key)), .init(key: "in", value: "query"),
            .init(key: "required", value: .bool(field.isRequired)),
            .init(key: "schema", value: field.schema.document(.request, &named)),
        ]
        if let says = field.says { members.append(.init(key: "description", value: .string(says))) }
        return .object(members)
    }

    private static func responses(_ row: ControlOperation, _ named: inout [String: JSON]) -> JSON {
        let failures = ControlFailure.common.union(row.failures)
        let byStatus = Dictionary(grouping: failures) { ControlFailure.statuses[$0] ?? 500 }
        let problems = byStatus.sorted { $0.key < $1.key }.map { status, ids in
            JSON.Member(
                key: "\(status)",
                value: [
                    "description": .string(ids.sorted().joined(separator: ", ")),
                    "content": [
                        "application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]
                    ],
                ])
        }
        let success: JSON = [
            "description": "Done.",
            "content": ["application/json": ["schema": row.result.document(.reply, &named)]],
        ]
        return .object([.init(key: "200", value: success)] + problems)
    }
}

extension ControlOperation {
    /// Whether a request without a body says too little: nothing at all stands for `{}`.
    package var needsBody: Bool { fields.contains(where: \.isRequired) }
}
