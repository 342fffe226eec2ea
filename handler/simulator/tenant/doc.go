// Package tenant plays one Microsoft 365 tenant on the real wire: Entra tokens, the App Service
// managed-identity endpoint, Microsoft Graph v1.0, the Exchange admin endpoint and the part of the
// Graph data plane that reads and sends mail. Tests, the demo and local runs point the product at
// it instead of at Microsoft.
//
// It must not import anything of the product and must not be imported by it: a double that shares
// the product's types or parsers would share its mistakes, and a test against it would then prove
// nothing. It uses the standard library only. What it does not know it answers with 501 and keeps
// in a list, so that a test can fail on it; it never guesses an answer.
//
// Behaviour that Microsoft documents is cited where it is played. Behaviour that had to be inferred
// is marked "inferred" where it is played, and the error texts and types are together in failure.go.
package tenant
