package tenant

import (
	"fmt"
	"net/http"
	"strings"
)

// Languages in which error texts come; Exchange may localize them (inferred), so nothing should
// decide on a text.
const (
	english = iota
	german
	french
	japanese
	languages
)

// failure is one refusal of a cmdlet. The types of not-found, already-exists, ambiguous parameters,
// bad values and dehydration are what the live service sends; the others, and every text, are
// inferred and stand nowhere but here.
type failure struct {
	status     int
	code       string
	detailCode string
	exception  string
	texts      [languages]string
	subject    string
}

// Error is the English text.
func (f failure) Error() string { return f.message(english) }

func (f failure) message(language int) string {
	text := f.texts[language]
	if text == "" {
		text = f.texts[english]
	}
	if !strings.Contains(text, "%s") {
		return text
	}
	return fmt.Sprintf(text, f.subject)
}

func notFound(identity string) failure {
	return failure{
		status: http.StatusNotFound, code: "NotFound", detailCode: "Client", subject: identity,
		exception: "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException",
		texts: [languages]string{
			english:  "The operation couldn't be performed because object '%s' couldn't be found.",
			german:   "Der Vorgang konnte nicht ausgeführt werden, weil das Objekt '%s' nicht gefunden wurde.",
			french:   "L'opération n'a pas pu être effectuée, car l'objet « %s » est introuvable.",
			japanese: "オブジェクト '%s' が見つからなかったため、操作を実行できませんでした。",
		},
	}
}

func ambiguousIdentity(identity string) failure {
	return failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Client", subject: identity,
		exception: "Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException",
		texts: [languages]string{
			english: "The operation couldn't be performed because '%s' matches multiple entries.",
			german:  "Der Vorgang konnte nicht ausgeführt werden, weil '%s' mit mehreren Einträgen übereinstimmt.",
		},
	}
}

func alreadyExists(name string) failure {
	return failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Context", subject: name,
		exception: "Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException",
		texts: [languages]string{
			english: "The object '%s' already exists in the directory.",
			german:  "Das Objekt '%s' ist bereits im Verzeichnis vorhanden.",
			french:  "L'objet « %s » existe déjà dans l'annuaire.",
		},
	}
}

func badParameters(what string) failure {
	return failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Client", subject: what,
		exception: "Microsoft.Exchange.Admin.OData.Core.CommandInvocation.AmbiguousParameterSetException",
		texts: [languages]string{
			english: "Parameter set cannot be resolved using the specified named parameters: %s",
			german:  "Der Parametersatz kann mit den angegebenen Parametern nicht aufgelöst werden: %s",
		},
	}
}

func badValue(what string) failure {
	return failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Client", subject: what,
		exception: "Microsoft.Exchange.Admin.OData.Core.CommandInvocation.ParameterTransformationException",
		texts: [languages]string{
			english: "Cannot process argument transformation: %s",
			german:  "Die Argumenttransformation kann nicht verarbeitet werden: %s",
		},
	}
}

func scopeInUse(name string) failure {
	return failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Client", subject: name,
		exception: "Microsoft.Exchange.Configuration.Tasks.TaskInvalidOperationException",
		texts: [languages]string{
			english: "The management scope '%s' can't be removed because it's in use by role assignments.",
			german:  "Der Verwaltungsbereich '%s' kann nicht entfernt werden, da er von Rollenzuweisungen verwendet wird.",
		},
	}
}

func invalidPrincipal(objectID string) failure {
	return failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Client", subject: objectID,
		exception: "Microsoft.Exchange.Configuration.Tasks.RecipientTaskException",
		texts: [languages]string{
			english: "The service principal '%s' with this AppId wasn't found in Microsoft Entra ID.",
			german:  "Der Dienstprinzipal '%s' mit dieser AppId wurde in Microsoft Entra ID nicht gefunden.",
		},
	}
}

func dehydrated() failure {
	return failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Client",
		exception: "Microsoft.Exchange.Configuration.Tasks.InvalidOperationInDehydratedContextException",
		texts: [languages]string{
			english: "This operation isn't available in this organization. Run Enable-OrganizationCustomization first.",
			german:  "Dieser Vorgang ist in dieser Organisation nicht verfügbar. Führen Sie zuerst Enable-OrganizationCustomization aus.",
		},
	}
}

func noDelegation(role string) failure {
	return failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Client", subject: role,
		exception: "Microsoft.Exchange.Configuration.Tasks.TaskInvalidOperationException",
		texts: [languages]string{
			english: "You don't have access to create, change, or remove the '%s' management role assignment. You must be assigned a delegating role assignment to the role.",
			german:  "Sie benötigen eine delegierende Rollenzuweisung für die Verwaltungsrolle '%s'.",
		},
	}
}

func expiredPages() failure {
	return failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Client",
		exception: "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
		texts: [languages]string{
			english: "Expired or Invalid pagination request. The default expiry time is 00:30:00.",
			german:  "Abgelaufene oder ungültige Paginierungsanforderung. Die Standardablaufzeit ist 00:30:00.",
		},
	}
}
