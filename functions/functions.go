// Package functions holds what the Functions host fires: one folder a function, with
// the function.json that names its trigger. Packaging lifts each folder to the root
// of the package, where the host looks for it.
//
// It must hold nothing else: what a function does lies in handler.
package functions

import "embed"

// Files are the function.json files, at <name>/function.json.
//
//go:embed */function.json
var Files embed.FS
