package tenant

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// row is one object of a cmdlet's output, by property.
type row map[string]any

// guid marks a value that goes out with its type beside it.
type guid string

// annotated puts the type annotations beside the properties, as siblings with an @ in their names,
// and keeps what selection names (all when it is empty).
func (r row) annotated(selection string) map[string]any {
	out := map[string]any{}
	wanted := strings.FieldsFunc(selection, func(r rune) bool { return r == ',' || r == ' ' })
	for name, value := range r {
		if len(wanted) > 0 && !slices.ContainsFunc(wanted, func(each string) bool { return strings.EqualFold(each, name) }) {
			continue
		}
		switch typed := value.(type) {
		case guid:
			out[name+"@data.type"] = "System.Guid"
			out[name+"@odata.type"] = "#Guid"
			out[name] = string(typed)
		case []string:
			out[name+"@odata.type"] = "#Collection(String)"
			out[name] = append([]string{}, typed...)
		default:
			out[name] = value
		}
	}
	return out
}

// exchangePage is the success envelope; value is a list for single objects and for nothing, too.
func exchangePage(c *call, page []any, link string) answer {
	body := map[string]any{
		"@odata.context":               c.origin() + "/adminapi/beta/$metadata#Collection(Exchange.GenericHashTable)",
		"adminapi.warnings@odata.type": "#Collection(String)",
		"@adminapi.warnings":           append([]string{}, c.warnings...),
		"value":                        page,
	}
	if link != "" {
		body["@odata.nextLink"] = link
	}
	return jsonAnswer(http.StatusOK, body)
}

// wrapperType says nothing about the cause; one encoding has only it in the inner error.
const wrapperType = "Microsoft.Exchange.Admin.OData.Core.PSDirectInvoke.DirectInvokeCmdletExecutionException"

// Statuses in which the live service was seen to say not-found: nothing should decide on them.
var notFoundStatuses = []int{http.StatusNotFound, http.StatusBadRequest, http.StatusInternalServerError}

// failed answers with the three encodings of details in turn. It needs the lock.
func (t *Tenant) failed(what failure) answer {
	message := what.message(t.language())
	status := what.status
	if status == http.StatusNotFound && t.options.Mood == Unruly {
		status = notFoundStatuses[t.turn("notFound", len(notFoundStatuses))]
	}
	detail, inner := "", map[string]any{"message": message, "type": what.exception, "stacktrace": ""}
	switch t.turn("details", 3) {
	case 0:
		detail = "Ex6F9304|" + what.exception + "|" + message
	case 1:
		detail = "|" + what.exception + "|" + message
		inner = map[string]any{"message": "Error executing cmdlet", "type": wrapperType, "stacktrace": ""}
	default:
		encoded, err := json.Marshal(map[string]any{"Message": message, "TypeName": what.exception, "StackTrace": nil, "InnerError": nil})
		if err != nil {
			return plainAnswer(http.StatusInternalServerError, err.Error())
		}
		detail = string(encoded)
	}
	return jsonAnswer(status, map[string]any{
		"error": map[string]any{
			"code": what.code, "message": "Error executing cmdlet",
			"details": []any{map[string]any{"code": what.detailCode, "target": "", "message": detail}},
			"innererror": map[string]any{
				"message": "Error executing cmdlet", "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
				"internalexception": inner,
			},
		},
		"adminapi.warnings@odata.type": "#Collection(String)",
		"@adminapi.warnings":           []string{},
	})
}

// oneOf finds exactly one visible object, or says which way it failed. Under the fault "other" it
// answers a neighbour of what was asked.
func oneOf[T any](list []T, identity string, other bool, is func(T) bool) (T, int, error) {
	var none T
	found := -1
	for index, each := range list {
		if !is(each) {
			continue
		}
		if found >= 0 {
			return none, -1, ambiguousIdentity(identity)
		}
		found = index
	}
	if found < 0 {
		return none, -1, notFound(identity)
	}
	if other {
		found = (found + 1) % len(list)
	}
	return list[found], found, nil
}
