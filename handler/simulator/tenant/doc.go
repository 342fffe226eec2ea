// Package tenant plays one Microsoft 365 tenant on the real wire: Entra tokens, the App Service
// managed-identity endpoint, Microsoft Graph v1.0, the Exchange admin endpoint and the part of the
// data plane that reads and sends mail by Graph, by Exchange Web Services, or by IMAP, POP and SMTP.
// Tests, the demo and local runs point the product at it instead of at Microsoft.
//
// Reached is the tenant's own verdict on who reaches what: the union of consents that policies
// confine, of role assignments within their scopes, and of mailbox permissions.
//
// It must not import anything of the product and must not be imported by it: a double that shares
// the product's types or parsers would share its mistakes, and a test against it would then prove
// nothing. It uses the standard library only. What it does not know it answers with 501 and keeps
// in a list, so that a test can fail on it; it never guesses an answer.
//
// Behaviour that Microsoft documents is cited where it is played. Behaviour that had to be inferred
// is marked "inferred" where it is played, and the error texts and types are together in failure.go.
package tenant
