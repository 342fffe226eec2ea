package graph

import (
	"context"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	kiota "github.com/microsoft/kiota-abstractions-go"
)

// largestPage is the page size that the directory's collections allow (Microsoft
// Graph documentation, Paging; $top between 1 and 999).
const largestPage = "999"

// query are the options of a request; names without the dollar sign.
type query map[string]string

// object asks for one object at a path below the API version, and decodes it.
// The path's variable parts must have been checked.
func object[T any](ctx context.Context, c *Client, i *inquiry, path string, options query) (T, error) {
	var found T
	body, err := read(ctx, i, c.get(c.address(path, options)))
	if err != nil {
		return found, err
	}
	err = json.Unmarshal(body, &found)
	if err != nil {
		return found, i.caused(Incomplete, "the answer cannot be decoded", err)
	}
	return found, nil
}

// collection asks for every page of a list. Each row is decoded and judged by
// take; key names a row, and one that occurs twice is a fault: the pages were not
// cut from one list, and what was repeated at one place may be missing at another.
func collection[Row, T any](ctx context.Context, c *Client, i *inquiry, from listing[Row, T]) ([]T, error) {
	all := []T{}
	seen := map[string]bool{}
	link := c.address(from.path, from.options)
	for pages := newWalk(i, c.endpoint); !pages.done; link = pages.link {
		body, err := read(ctx, i, c.get(link))
		if err != nil {
			return nil, err
		}
		page, err := decodePage(i, body)
		if err != nil {
			return nil, err
		}
		for _, raw := range page.Value {
			taken, err := from.row(i, raw)
			if err != nil {
				return nil, err
			}
			if seen[from.key(taken)] {
				return nil, i.fail(Incomplete, "object %q occurs twice in the list", printable(from.key(taken), 80))
			}
			seen[from.key(taken)] = true
			all = append(all, taken)
		}
		err = pages.follow(page.NextLink)
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// listing is one kind of list: where it is, and what its rows are.
type listing[Row, T any] struct {
	path    string
	options query
	take    func(*inquiry, Row) (T, error)
	key     func(T) string
}

func (l listing[Row, T]) row(i *inquiry, raw jsontext.Value) (T, error) {
	var nothing T
	if raw.Kind() != '{' {
		return nothing, i.fail(Incomplete, "a row is not an object")
	}
	var decoded Row
	err := json.Unmarshal(raw, &decoded)
	if err != nil {
		return nothing, i.caused(Incomplete, "a row cannot be decoded", err)
	}
	return l.take(i, decoded)
}

type page struct {
	Value    []jsontext.Value `json:"value"`
	NextLink *string          `json:"@odata.nextLink"`
}

func decodePage(i *inquiry, body []byte) (page, error) {
	var decoded page
	err := json.Unmarshal(body, &decoded)
	if err != nil {
		return page{}, i.caused(Incomplete, "a page cannot be decoded", err)
	}
	if decoded.Value == nil {
		return page{}, i.fail(Incomplete, "a page has no value")
	}
	return decoded, nil
}

func (c *Client) address(path string, options query) string {
	values := url.Values{}
	for name, value := range options {
		values.Set("$"+name, value)
	}
	address := *c.endpoint
	address.Path = apiVersion + path
	// The service does not read a plus sign as a blank everywhere.
	address.RawQuery = strings.ReplaceAll(values.Encode(), "+", "%20")
	return address.String()
}

// get sends a request through the library's adapter, for its authentication, and
// takes the bytes as they came: the guard has seen to it that they are one whole
// JSON object. The models of the library are not used here, because they would
// drop what a row of another type says.
func (c *Client) get(address string) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		target, err := url.Parse(address)
		if err != nil {
			return nil, err
		}
		request := kiota.NewRequestInformation()
		request.Method = kiota.GET
		request.SetUri(*target)
		request.Headers.TryAdd("Accept", "application/json")
		answer, err := c.adapter.SendPrimitive(ctx, request, "[]byte", nil)
		if err != nil {
			return nil, err
		}
		body, _ := answer.([]byte)
		return body, nil
	}
}
