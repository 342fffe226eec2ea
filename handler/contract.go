package main

import _ "embed"

// contract is the OpenAPI description of what lies under /api. Tests hold the route
// table, the function.json files and every answer against it.
//
//go:embed openapi.yaml
var contract []byte
