package exchange

import (
	"net/http"
	"strings"
)

// refusal is everything that a kind is decided from.
type refusal struct {
	cmdlet string
	status int
	fault  fault
}

// kind decides by exception type first, by status second, by text last: the service gives the same
// failure with different statuses, and its texts are for people.
func (r refusal) kind() Kind {
	kind, decided := r.kindByType()
	if !decided {
		kind, decided = decisiveStatuses[r.status]
	}
	if !decided {
		kind, decided = r.kindByText()
	}
	if !decided {
		kind = r.kindByDefault()
	}
	if kind == NotFound && r.cmdlet == "New-ManagementRoleAssignment" {
		// What a new assignment refers to was resolved before; until Exchange has spread it, the
		// create answers as if it were absent.
		return NotReady
	}
	return kind
}

const removeMember = "Remove-DistributionGroupMember"

// typeRules compare the end of the exception's short name, because the service derives types
// (ADTransientException from TransientException). An empty cmdlet means any. The first five are seen in
// public captures; the others are inferred from names of the server product.
var typeRules = []struct {
	ending string
	kind   Kind
	cmdlet string
}{
	{"ManagementObjectNotFoundException", NotFound, ""},
	{"ADObjectAlreadyExistsException", AlreadyExists, ""},
	{"InvalidOperationInDehydratedContextException", Dehydrated, ""},
	{"AmbiguousParameterSetException", BadParameter, ""},
	{"ParameterTransformationException", BadParameter, ""},
	{"ServerBusyException", Transient, ""},
	{"TransientException", Transient, ""},
	{"BackendCommunicationException", Transient, ""},
	{"CmdletProxyNotAvailableFailure", Transient, ""},
	{"ManagementObjectAmbiguousException", Ambiguous, ""},
	{"ParameterBindingException", BadParameter, ""},
	{"CmdletAccessDeniedException", Forbidden, ""},
	{"ProxyAddressExistsException", AlreadyExists, ""},
	{"MemberAlreadyExistsException", AlreadyExists, ""},
	{"MemberNotFoundException", NotFound, removeMember},
}

// absenceStatuses are those that a missing object was seen with. Under any other status (a refusal
// of the caller, throttling) nothing was looked up and nothing is absent. 200 is here for a cmdlet
// that reports the missing object as a non-terminating error.
var absenceStatuses = map[int]bool{
	http.StatusOK:                  true,
	http.StatusBadRequest:          true,
	http.StatusNotFound:            true,
	http.StatusInternalServerError: true,
}

func (r refusal) kindByType() (Kind, bool) {
	name := shortType(r.fault.exceptionType)
	for _, rule := range typeRules {
		if !strings.HasSuffix(name, rule.ending) || rule.cmdlet != "" && rule.cmdlet != r.cmdlet {
			continue
		}
		if rule.kind == NotFound && !absenceStatuses[r.status] {
			return Unknown, false
		}
		return rule.kind, true
	}
	return Unknown, false
}

// decisiveStatuses mean one thing whatever the text says. 400, 404 and 500 are not among them.
var decisiveStatuses = map[int]Kind{
	http.StatusUnauthorized:       Unauthorized,
	http.StatusForbidden:          Forbidden,
	http.StatusTooManyRequests:    Throttled,
	http.StatusRequestTimeout:     Transient,
	http.StatusBadGateway:         Transient,
	http.StatusServiceUnavailable: Transient,
	http.StatusGatewayTimeout:     Transient,
}

// textRules is the only place where a message decides anything. An empty cmdlet means any. No text
// means "not found", because many other things can "not be found" than the object that was asked for;
// but one does for a removal from a group, whose wording is known and whose exception's type is not.
var textRules = []struct {
	cmdlet string
	text   string
	kind   Kind
}{
	{"", "must be assigned a delegating role assignment", NotReady},
	{"", "don't have access to create, change, or remove", NotReady},
	{"", "maximum number of concurrent requests", Throttled},
	{"", "serverbusyexception", Transient},
	{"", "transientexception", Transient},
	{"", "backendcommunicationexception", Transient},
	{"", "cmdletproxynotavailablefailure", Transient},
	{"", "invalidoperationindehydratedcontextexception", Dehydrated},
	{"", "already exist", AlreadyExists},
	{"Add-DistributionGroupMember", "is already a member of the group", AlreadyExists},
	{removeMember, "isn't a member of the group", NotFound},
	{"New-ApplicationAccessPolicy", "the total size of app access policies exceeded the limit", PolicySpace},
	{"", "invalid pagination request", Incomplete},
	// Inferred: the wording of an ambiguous identity and of a scope in use is not published.
	{"", "matches multiple entries", Ambiguous},
	{"Remove-ManagementScope", "role assignment", InUse},
	{"Remove-ManagementScope", "in use", InUse},
	{"Remove-ManagementScope", "being used", InUse},
}

// truncationTexts are warnings on a success that say that the list was cut. Inferred from the
// wording of the PowerShell module.
var truncationTexts = []string{"only the first", "more results are available", "more results available"}

func (r refusal) kindByText() (Kind, bool) {
	text := plain(r.fault.message)
	for _, rule := range textRules {
		applies := rule.cmdlet == "" || rule.cmdlet == r.cmdlet
		if rule.kind == NotFound {
			applies = applies && absenceStatuses[r.status]
		}
		if applies && strings.Contains(text, rule.text) {
			return rule.kind, true
		}
	}
	return Unknown, false
}

// kindByDefault: a bare failure of the server passes; one that it can name may be for ever.
func (r refusal) kindByDefault() Kind {
	unnamed := r.fault.exceptionType == "" || isWrapper(r.fault.exceptionType)
	if r.status >= http.StatusInternalServerError && unnamed {
		return Transient
	}
	return Unknown
}

func saysTruncated(warnings []string) bool {
	for _, warning := range warnings {
		for _, text := range truncationTexts {
			if strings.Contains(plain(warning), text) {
				return true
			}
		}
	}
	return false
}

func plain(text string) string {
	return strings.ToLower(strings.ReplaceAll(text, "’", "'"))
}

// mayHaveActed says whether a write that was answered like this can have changed anything. A
// refusal (4xx) is an answer; a failure of the service, a time-out on its side (408, which is
// Transient), or errors beside a success, is not.
func mayHaveActed(status int, kind Kind) bool {
	refused := status >= http.StatusBadRequest && status < http.StatusInternalServerError
	return !refused || kind == Transient
}
