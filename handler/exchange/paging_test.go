package exchange

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const listPath = "/adminapi/beta/" + testTenant + "/InvokeCommand"

// pageOf answers a page of one assignment each, with a link to the next unless it is the last.
func pageOf(number, count int, link string) http.HandlerFunc {
	row := fmt.Sprintf(`{"Name":"a%d","Role":"Application Mail.Send","RoleAssignee":%q}`, number, testObjectID)
	body := rows(row)
	if number < count {
		body = strings.TrimSuffix(body, "}") + fmt.Sprintf(`,"@odata.nextLink":%q}`, link)
	}
	return says(http.StatusOK, body)
}

func TestPagesAreFollowedByTheSamePost(t *testing.T) {
	t.Parallel()
	var played *wire
	link := func(writer http.ResponseWriter, request *http.Request) {
		pageOf(1, 2, played.server.URL+listPath+"?$skiptoken=p2")(writer, request)
	}
	played = newWire(t, link, pageOf(2, 2, ""))
	list, err := played.client.ListManagementRoleAssignments(context.Background(), testObjectID)
	if err != nil || len(list) != 2 || list[1].Name != "a2" {
		t.Fatalf("got %+v, %v", list, err)
	}
	first, second := played.requests()[0], played.requests()[1]
	if second.path != listPath+"?$skiptoken=p2" || !reflect.DeepEqual(first.body, second.body) {
		t.Errorf("second request %q with %s", second.path, second.body)
	}
	if first.header.Get("X-AnchorMailbox") != second.header.Get("X-AnchorMailbox") {
		t.Error("the anchor changed between pages")
	}
}

func TestLinksThatAreNotFollowed(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]string{
		"another host":     "https://attacker.example" + listPath,
		"no encryption":    "http://127.0.0.1" + listPath,
		"a name before it": "https://127.0.0.1@attacker.example/",
		"no address":       "https://%zz",
		"itself for ever":  listPath + "?$skiptoken=same",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played := newWire(t, pageOf(1, 2, link))
			list, err := played.client.ListManagementRoleAssignments(context.Background(), testObjectID)
			wantKind(t, err, Incomplete)
			if list != nil || len(played.requests()) > 2 {
				t.Errorf("list %v after %d requests", list, len(played.requests()))
			}
		})
	}
}

func TestALinkWithUserInformation(t *testing.T) {
	t.Parallel()
	played := newWire(t, func(writer http.ResponseWriter, request *http.Request) {
		pageOf(1, 2, "https://user@"+request.Host+listPath)(writer, request)
	})
	_, err := played.client.ListManagementRoleAssignments(context.Background(), testObjectID)
	wantKind(t, err, Incomplete)
	if count := len(played.requests()); count != 1 {
		t.Errorf("the link was followed: %d requests", count)
	}
}

func TestAListWithoutEnd(t *testing.T) {
	t.Parallel()
	number := 0
	played := newWire(t, func(writer http.ResponseWriter, request *http.Request) {
		number++
		pageOf(number, number+1, fmt.Sprintf("%s?$skiptoken=%d", listPath, number))(writer, request)
	})
	_, err := played.client.ListManagementRoleAssignments(context.Background(), testObjectID)
	wantKind(t, err, Incomplete)
	if count := len(played.requests()); count != pageLimit {
		t.Errorf("stopped after %d pages", count)
	}
}

func TestALinkOfTheWrongShape(t *testing.T) {
	t.Parallel()
	played := newWire(t, says(200, `{"value":[],"@odata.nextLink":{"href":"x"}}`))
	_, err := played.client.ListManagementRoleAssignments(context.Background(), testObjectID)
	wantKind(t, err, Incomplete)
}

// Whatever happens to whichever page, the outcome is the whole list or an error without one; and a
// failure past the first page never says that the object is absent.
func TestNeverAPartialList(t *testing.T) {
	t.Parallel()
	failures := map[string]http.HandlerFunc{
		"expired":     says(400, "Expired or Invalid pagination request. Default Expiry time is 00:30:00"),
		"absent":      says(404, refusalBody("NotFound", "|"+notFoundType+"|gone")),
		"throttled":   says(429, "", "Retry-After", "1"),
		"unavailable": says(503, ""),
		"lost":        drops,
		"cut off":     says(200, "{", "Content-Length", "90"),
		"torn":        says(200, `{"value":[{"Name":"a`),
		"no list":     says(200, `{}`),
		"empty":       says(200, ""),
		"errors":      says(200, `{"value":[],"@adminapi.errors":["x"]}`),
		"truncated":   says(200, `{"value":[],"@adminapi.warnings":["There are more results available."]}`),
		"stranger":    says(200, rows(`{"Name":"b","Role":"r","RoleAssignee":"Helpdesk"}`)),
	}
	names := make([]string, 0, len(failures))
	for name := range failures {
		names = append(names, name)
	}
	rapid.Check(t, func(property *rapid.T) {
		count := rapid.IntRange(1, 6).Draw(property, "pages")
		broken := rapid.IntRange(1, 8).Draw(property, "broken page")
		name := rapid.SampledFrom(names).Draw(property, "failure")
		lasting := rapid.Bool().Draw(property, "lasting")
		var handlers []http.HandlerFunc
		for page := 1; page <= count; page++ {
			if page == broken {
				handlers = append(handlers, failures[name])
			}
			if page == broken && lasting {
				break
			}
			handlers = append(handlers, pageOf(page, count, fmt.Sprintf("%s?$skiptoken=%d", listPath, page)))
		}
		checkWholeOrNothing(t, property, handlers, count, broken)
	})
}

func checkWholeOrNothing(t *testing.T, property *rapid.T, handlers []http.HandlerFunc, count, broken int) {
	played := newWire(t, handlers...)
	defer played.server.Close()
	list, err := played.client.ListManagementRoleAssignments(context.Background(), testObjectID)
	switch {
	case err == nil && len(list) != count:
		property.Fatalf("a list of %d passed for one of %d", len(list), count)
	case err != nil && list != nil:
		property.Fatalf("an error came with a list of %d", len(list))
	case err != nil && broken > count:
		property.Fatalf("nothing was broken: %v", err)
	case broken > 1 && KindOf(err) == NotFound:
		property.Fatalf("page %d says that the assignee is absent", broken)
	}
}
