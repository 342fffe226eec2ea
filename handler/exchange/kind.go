package exchange

import "errors"

// Kind says what a failure means to the caller. Decisions are made on it and on nothing else.
type Kind string

const (
	// Unknown is a failure that fits nothing below. It is never a reason to create or to report absence.
	Unknown Kind = "unknown"
	// NotFound is the tenant's own typed statement that the object does not exist.
	NotFound Kind = "not found"
	// AlreadyExists refuses a create because the name or the object is taken.
	AlreadyExists Kind = "already exists"
	// Ambiguous means that more than one object answers to the identity.
	Ambiguous Kind = "ambiguous"
	// WrongType means that the object exists and is not of a type that the call works on.
	WrongType Kind = "wrong type"
	// NotReady is a refusal that time heals: a pointer not yet materialised, role-based access
	// control still being set up, or no delegating right over the role yet.
	NotReady Kind = "not ready"
	// Dehydrated means that the organization has never been opened for customization.
	Dehydrated Kind = "dehydrated"
	// InUse refuses a removal because something still refers to the object.
	InUse Kind = "in use"
	// PolicySpace refuses another application access policy because those of the tenant fill the space
	// that there is for all of them.
	PolicySpace Kind = "policy space full"
	// Forbidden means that the service's identity may not run the cmdlet, or does not see it.
	Forbidden Kind = "forbidden"
	// Unauthorized means that no token was to be had, or that the tenant refused it.
	Unauthorized Kind = "unauthorized"
	// BadParameter is a parameter refused by the tenant, or here before anything was sent.
	BadParameter Kind = "bad parameter"
	// Throttled asks for fewer calls; see Error.RetryAfter.
	Throttled Kind = "throttled"
	// Held means that the gate kept the request back: nothing was sent.
	Held Kind = "held"
	// Transient is a failure of the service, or of the way to it, that is expected to pass.
	Transient Kind = "transient"
	// Lost means that the request went out and no answer came back.
	Lost Kind = "lost"
	// Incomplete is an answer that may be only a part of the truth, or that says something else than
	// what was asked.
	Incomplete Kind = "incomplete"
)

// KindOf returns the kind of the first Error in err's chain, Unknown for any other error, and the
// empty Kind for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var fault *Error
	if !errors.As(err, &fault) {
		return Unknown
	}
	return fault.Kind
}

// advice is the last part of an error's text: what a person may do about it.
func (k Kind) advice() string {
	switch k {
	case NotFound:
		return "the object is absent; check the identity if it should be there"
	case AlreadyExists:
		return "read the existing object and compare it with what was wanted"
	case Ambiguous:
		return "name the object by its GUID"
	case WrongType:
		return "name an object of another type"
	case NotReady:
		return "try again in some minutes; if it stays, check the delegating role assignments of the service's identity"
	case Dehydrated:
		return "an administrator has to run Enable-OrganizationCustomization, which cannot be undone"
	case InUse:
		return "remove what refers to it first"
	case PolicySpace:
		return "remove policies, or shorten their descriptions; role-based access takes none of this space"
	case Forbidden:
		return "check the Exchange roles of the service's identity; right after a change they take minutes and a new token"
	case Unauthorized:
		return "check the credential, and that the identity holds Exchange.ManageAsApp"
	case BadParameter:
		return "correct the request; sending it again will not help"
	case Throttled, Transient:
		return "try again later"
	case Lost, Incomplete:
		return "read the object again before deciding anything"
	default:
		return "nothing follows from this answer; read again, and report it with the request id"
	}
}
