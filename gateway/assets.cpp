#include "assets.hpp"

#include <array>

// The assembler copies the file's bytes between two symbols. MVM_WEB_DIR is
// where the build gathers the files.
#define MVM_EMBED(name, file)                                                                      \
    asm(".section .rodata\n"                                                                       \
        ".balign 16\n"                                                                             \
        "mvm_asset_" #name "_begin:\n"                                                             \
        ".incbin \"" MVM_WEB_DIR "/" file "\"\n"                                                   \
        "mvm_asset_" #name "_end:\n"                                                               \
        ".byte 0\n"                                                                                \
        ".previous\n");                                                                            \
    extern "C" const char mvm_asset_##name##_begin[];                                              \
    extern "C" const char mvm_asset_##name##_end[];

MVM_EMBED(openapi, "openapi.json")
MVM_EMBED(docs_html, "docs.html")
MVM_EMBED(docs_js, "docs.js")
MVM_EMBED(swagger_css, "swagger-ui.css")
MVM_EMBED(swagger_js, "swagger-ui-bundle.js")
MVM_EMBED(swagger_js_license, "swagger-ui-bundle.js.LICENSE.txt")
MVM_EMBED(swagger_license, "swagger-ui.LICENSE")
MVM_EMBED(swagger_notice, "swagger-ui.NOTICE")
MVM_EMBED(redoc_html, "redoc.html")
MVM_EMBED(redoc_js, "redoc.standalone.js")
MVM_EMBED(redoc_js_license, "redoc.standalone.js.LICENSE.txt")
MVM_EMBED(redoc_license, "redoc.LICENSE")

namespace mvm::gateway {

const Asset *find_asset(std::string_view path)
{
#define MVM_BYTES(name)                                                                            \
    std::string_view(mvm_asset_##name##_begin,                                                     \
                     static_cast<std::size_t>(mvm_asset_##name##_end - mvm_asset_##name##_begin))
    static constexpr std::string_view html = "text/html; charset=utf-8";
    static constexpr std::string_view script = "text/javascript; charset=utf-8";
    static constexpr std::string_view style = "text/css; charset=utf-8";
    static constexpr std::string_view text = "text/plain; charset=utf-8";
    static const std::array assets{
        Asset{"/openapi.json", "application/json", MVM_BYTES(openapi)},
        Asset{"/docs", html, MVM_BYTES(docs_html)},
        Asset{"/docs/docs.js", script, MVM_BYTES(docs_js)},
        Asset{"/docs/swagger-ui.css", style, MVM_BYTES(swagger_css)},
        Asset{"/docs/swagger-ui-bundle.js", script, MVM_BYTES(swagger_js)},
        Asset{"/docs/swagger-ui-bundle.js.LICENSE.txt", text, MVM_BYTES(swagger_js_license)},
        Asset{"/docs/LICENSE", text, MVM_BYTES(swagger_license)},
        Asset{"/docs/NOTICE", text, MVM_BYTES(swagger_notice)},
        Asset{"/redoc", html, MVM_BYTES(redoc_html)},
        Asset{"/redoc/redoc.standalone.js", script, MVM_BYTES(redoc_js)},
        Asset{"/redoc/redoc.standalone.js.LICENSE.txt", text, MVM_BYTES(redoc_js_license)},
        Asset{"/redoc/LICENSE", text, MVM_BYTES(redoc_license)},
    };
#undef MVM_BYTES
    for (const Asset &asset : assets) {
        if (asset.path == path) {
            return &asset;
        }
    }
    return nullptr;
}

} // namespace mvm::gateway
