#include "host/export/html_page.h"

#include <gtest/gtest.h>

#include <bit>
#include <regex>

#include "host/base64.h"
#include "host/error.h"
#include "tests/support/small_model.h"

namespace qmnist {
namespace {

std::map<std::string, std::string> no_metadata() {
  return {};
}

std::string page_of(const Model& model) {
  return export_html(model, no_metadata);
}

TEST(Base64Test, EncodesAsTheStandardsExamples) {
  const auto encoded = [](std::string_view text) { return base64(std::as_bytes(std::span(text))); };
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("foob"), "Zm9vYg==");
  EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
}

TEST(HtmlPageTest, HoldsAllWeightsToTheBit) {
  static_assert(std::endian::native == std::endian::little, "as browsers' floats are");
  const Model model = test::initial_model({7, 5});
  const std::string page = page_of(model);
  for (const DenseLayer& layer : model.network.layers()) {
    for (const Tensor& tensor : {layer.weight, layer.bias}) {
      const auto values = std::span(model.parameters).subspan(tensor.offset, tensor.size);
      EXPECT_NE(page.find('"' + base64(std::as_bytes(values)) + '"'), std::string::npos)
          << tensor.name;
    }
  }
}

TEST(HtmlPageTest, FetchesNothing) {
  const std::string page = page_of(test::initial_model({7}));
  EXPECT_FALSE(std::regex_search(page, std::regex("(src|href)=\"|@import|url\\(|fetch\\(")));
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
}

TEST(HtmlPageTest, TakesAnyNamesOfClasses) {
  Model model = test::initial_model({});
  model.classes[3] = "</script><b>\"{{page}}\"&";
  const std::string page = page_of(model);
  EXPECT_EQ(page.find("</script><b>"), std::string::npos);
  EXPECT_NE(page.find(R"(\u003c/script>\u003cb>\"{{page}}\"&)"), std::string::npos);
  EXPECT_NE(page.find("Draw one of 0, 1, 2, &lt;/script&gt;"), std::string::npos);
}

TEST(HtmlPageTest, SaysWhatTheModelIs) {
  const Model model = test::initial_model({16});
  EXPECT_NE(page_of(model).find("A network of 784-16-10, trained by qmnist_gpu. It"),
            std::string::npos);
  EXPECT_NE(page_of(model).find("<h2 id=\"drawing-title\">Draw a digit</h2>"), std::string::npos);
  const std::string page = export_html(model, [] {
    return std::map<std::string, std::string>{{"test_accuracy", "0.9774"}};
  });
  EXPECT_NE(page.find("with a test accuracy of 97.74\u00a0%."), std::string::npos);
}

TEST(HtmlPageTest, RefusesNetworksThatNoPhoneOpens) {
  const Model model = test::initial_model({2048, 2048});
  EXPECT_FALSE(fits_page(model.network));
  EXPECT_THROW((void)page_of(model), UsageError);
  EXPECT_TRUE(fits_page(test::initial_model({1024, 1024}).network));
}

}  // namespace
}  // namespace qmnist
